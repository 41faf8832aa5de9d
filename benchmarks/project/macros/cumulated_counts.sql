{#- Counts of two samples by point, with what the distances of `compare_counts` need beside them. A SELECT.

    relation  a CTE or table with the columns of `by`, place, expected and actual; one row per (by, place), null counts mean 0
    by        list of grouping columns
    at        column: the value itself, or the place of a cell; anything that sorts
    numeric   whether the place is a number, so that a step to the next point exists
    Returns   by…, place, expected, actual, expected_so_far, actual_so_far, expected_n, actual_n and step. The sums are doubles:
              counts below 2^53 are exact in them, and sums of integers are 128 bits wide in DuckDB. A total is null where a
              side has no row, so that every distance from nothing is null. -#}
{% macro cumulated_counts(relation, by, at='place', numeric=true) -%}
    {%- set keys = by | join(', ') -%}
    select
        {{ keys }},
        {{ at }} as place,
        expected,
        actual,
        sum(cast(coalesce(expected, 0) as double)) over ascending as expected_so_far,
        sum(cast(coalesce(actual, 0) as double)) over ascending as actual_so_far,
        nullif(sum(cast(coalesce(expected, 0) as double)) over everything, 0) as expected_n,
        nullif(sum(cast(coalesce(actual, 0) as double)) over everything, 0) as actual_n,
        {% if numeric -%} lead({{ at }}) over ascending - {{ at }} {%- else -%} cast(null as double) {%- endif %} as step
    from {{ relation }}
    window
        ascending as (partition by {{ keys }} order by {{ at }} rows between unbounded preceding and current row),
        everything as (partition by {{ keys }})
{%- endmacro %}
