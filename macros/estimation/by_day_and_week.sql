{#- Every row of a relation twice, as part of its day and of its week: `grain`, `period` (its first day) and `end_day` (the first day
    after it). The estimates of quality are made of these two grains. A query.
    day  the date of a row -#}
{% macro by_day_and_week(relation, day) -%}
    {%- set monday = "cast(date_trunc('week', " ~ day ~ ") as date)" -%}
    select *, 'day' as grain, {{ day }} as period, {{ day }} + 1 as end_day from {{ relation }}
    union all
    select *, 'week', {{ monday }}, {{ monday }} + 7 from {{ relation }}
{%- endmacro %}
