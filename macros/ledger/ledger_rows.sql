{#- The shape of a ledger table: one typed null per column of its contract, and no row. Python appends the rows. -#}
{% macro ledger_rows() -%}
    select
    {%- for column in model.columns.values() %}
        cast(null as {{ column.data_type }}) as {{ column.name }}{{ "," if not loop.last }}
    {%- endfor %}
    where false
{%- endmacro %}
