{#- How many rows hold which level, for several categories at once: `value_counts` for what has no order. A SELECT.

    relation  a CTE or table
    columns   list of columns
    by        list of grouping columns, such as a day; may be empty
    Returns   by…, feature, level (varchar, not null: missing values are left out) and rows (bigint) -#}
{% macro level_counts(relation, columns, by=[]) -%}
    {{- _counts_of_columns('level_counts', relation, columns, by, 'level', 'varchar') }}
{%- endmacro %}
