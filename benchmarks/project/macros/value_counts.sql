{#- How many rows hold which value, for several numeric columns at once: what `compare_counts` needs to be exact. A SELECT.

    relation  a CTE or table
    columns   list of numeric or boolean columns
    by        list of grouping columns, such as a day; may be empty
    Returns   by…, feature, place (double, not null: missing values are left out) and rows (bigint) -#}
{% macro value_counts(relation, columns, by=[]) -%}
    {{- _counts_of_columns('value_counts', relation, columns, by, 'place', 'double') }}
{%- endmacro %}
