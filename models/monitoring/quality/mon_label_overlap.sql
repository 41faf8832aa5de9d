-- One row per problem and period: how many of its days in a row have labels that share outcomes, so that together they say less than as many days.
with labelled_days as (
    select problem, day, median(label_delay_hours) / 24 as waited
    from {{ ref('mon_proxies') }}
    where label_delay_hours is not null
    group by problem, day
),

days_by_period as (
    {{ periods_of_scorers('labelled_days') }}
),

steps as (
    select problem, grain, period, waited, day - lag(day) over (partition by problem, grain, period order by day) as step
    from days_by_period
),

waits as (
    select problem, grain, period, median(waited) as waited, median(step) as step from steps group by problem, grain, period
),

declared as (
    {{ no_rows({'problem': 'varchar', 'horizon_days': 'double'}) }}
    {%- for problem in var('problems') %}
    {%- set horizon = declared_problem(problem).validation.horizon_days %}
    union all
    select '{{ problem }}', {{ horizon if horizon is not none else 'null' }}
    {%- endfor %}
)

-- To the nearest whole: a label that comes an hour late shares an hour with the next one, and no day. ml/problem/rows.py has the same.
select
    waits.problem,
    waits.grain,
    waits.period,
    cast(greatest(1, floor(coalesce(declared.horizon_days, waits.waited) / waits.step + 0.5)) as integer) as overlap
from waits
left join declared on declared.problem = waits.problem
where waits.step is not null
