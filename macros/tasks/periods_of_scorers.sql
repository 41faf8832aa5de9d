{#- Rows of scorers in each period that quality is told of: `all`, `recent` (four weeks to the last day of the problem: every weekday
    four times, and 28 days as clusters), `month` and `week`. A SELECT for a CTE's parentheses.
    relation  a CTE with problem, scorer and day -#}
{% macro periods_of_scorers(relation) -%}
    with last_days as (select problem, max(day) as last_day from {{ relation }} group by problem)
    select *, 'all' as grain, date '1970-01-01' as period from {{ relation }} inner join last_days using (problem)
    union all
    select *, 'recent', date '1970-01-01' from {{ relation }} inner join last_days using (problem) where day > last_day - 28
    {%- for grain in ['month', 'week'] %}
    union all
    select *, '{{ grain }}', cast(date_trunc('{{ grain }}', day) as date) from {{ relation }} inner join last_days using (problem)
    {%- endfor %}
{%- endmacro %}
