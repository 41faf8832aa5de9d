{#- What `value_counts` and `level_counts` share: rows by value of each column, the value as `name` in a type. A SELECT.

    asked_by  the macro that the error names -#}
{% macro _counts_of_columns(asked_by, relation, columns, by, name, type) -%}
    {%- if columns is string or columns | length == 0 -%}
        {{ exceptions.raise_compiler_error(asked_by ~ ": columns must be a list of columns, not '" ~ columns ~ "'") }}
    {%- endif -%}
    {%- for column in columns %}
    select {{ (by + ["'" ~ column ~ "' as feature"]) | join(', ') }}, cast({{ column }} as {{ type }}) as {{ name }}, count(*) as rows
    from {{ relation }}
    where {{ column }} is not null
    group by all
    {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}
