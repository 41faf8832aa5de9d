{#- How many rows hold which level, for several categories at once: `value_counts` for what has no order. A SELECT.

    relation  a CTE or table
    columns   list of columns
    by        list of grouping columns, such as a day; may be empty
    Returns   by…, feature, level (varchar, not null: missing values are left out) and rows (bigint) -#}
{% macro level_counts(relation, columns, by=[]) -%}
    {%- if columns is string or columns | length == 0 -%}
        {{ exceptions.raise_compiler_error("level_counts: columns must be a list of columns, not '" ~ columns ~ "'") }}
    {%- endif -%}
    {%- for column in columns %}
    select {{ (by + ["'" ~ column ~ "' as feature"]) | join(', ') }}, cast({{ column }} as varchar) as level, count(*) as rows
    from {{ relation }}
    where {{ column }} is not null
    group by all
    {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}
