{#- How many rows hold which value, for several numeric columns at once: what `compare_counts` needs to be exact. A SELECT.

    relation  a CTE or table
    columns   list of numeric or boolean columns
    by        list of grouping columns, such as a day; may be empty
    Returns   by…, feature, place (double, not null: missing values are left out) and rows (bigint) -#}
{% macro value_counts(relation, columns, by=[]) -%}
    {%- if columns is string or columns | length == 0 -%}
        {{ exceptions.raise_compiler_error("value_counts: columns must be a list of columns, not '" ~ columns ~ "'") }}
    {%- endif -%}
    {%- for column in columns %}
    select {{ (by + ["'" ~ column ~ "' as feature"]) | join(', ') }}, cast({{ column }} as double) as place, count(*) as rows
    from {{ relation }}
    where {{ column }} is not null
    group by all
    {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}
