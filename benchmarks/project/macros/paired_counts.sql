{#- Counts of two samples side by side, a point that one side never hit included. A SELECT for a CTE's parentheses.

    expected, actual  CTEs or tables with the columns of `by`, place and rows; rows of the same point add up (days, batches)
    by                list of grouping columns; may be empty
    at                column: value or cell
    Returns           by…, place, expected, actual: bigint, 0 where a side has none -#}
{% macro paired_counts(expected, actual, by, at='place') -%}
    {%- set keys = (by + [at]) | join(', ') -%}
    select
        {{ keys }},
        cast(sum(expected) as bigint) as expected,
        cast(sum(actual) as bigint) as actual
    from (
        select {{ keys }}, rows as expected, 0 as actual from {{ expected }}
        union all
        select {{ keys }}, 0 as expected, rows as actual from {{ actual }}
    ) as both_sides
    group by {{ keys }}
{%- endmacro %}
