{#- A query without a row: what the problems of `vars: problems` are added to with `union all`, so that a model builds with none of them.
    columns  dict of column to type -#}
{% macro no_rows(columns) -%}
    select
    {%- for name, type in columns.items() %} cast(null as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
    where false
{%- endmacro %}
