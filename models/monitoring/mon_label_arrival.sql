-- One row per problem, grain, period and age of a row: the shares of positive and of negative labels that arrive by that age.
{%- set limits = var('estimation') %}
with scored as (select * from {{ ref('mon_scored') }} where label is not null),

period_rows as (select * from {{ ref('mon_period_rows') }}),

label_delay as (select * from {{ ref('mon_label_delay') }}),

count_arrivals as (
    select
        problem,
        cast(as_of as date) as day,
        cast(label_known_at as date) as known_day,
        {{ age_bin(seconds_between('as_of', 'label_known_at')) }} as age,
        count_if(label) as positives,
        count_if(not label) as negatives
    from scored
    group by all
),

-- Only days old enough that their labels are in: of younger ones just the fast labels could be seen.
look_back as (
    select periods.problem, periods.grain, periods.period, arrivals.age, arrivals.positives, arrivals.negatives
    from (select distinct problem, grain, period, cast(period_end as date) as end_day from period_rows) as periods
    inner join label_delay using (problem, end_day)
    inner join count_arrivals as arrivals
        on arrivals.problem = periods.problem
        and arrivals.day < periods.end_day - label_delay.days
        and arrivals.day >= periods.end_day - label_delay.days - {{ limits.reference_days }}
        and arrivals.known_day < periods.end_day
    union all
    select distinct problem, grain, period, age, 0, 0 from period_rows
),

by_age as (
    select problem, grain, period, age, sum(positives) as positives, sum(negatives) as negatives
    from look_back
    group by all
)

select
    problem,
    grain,
    period,
    age,
    coalesce(sum(positives) over so_far / nullif(sum(positives) over all_ages, 0), 0) as positives_in,
    coalesce(sum(negatives) over so_far / nullif(sum(negatives) over all_ages, 0), 0) as negatives_in
from by_age
window
    so_far as (partition by problem, grain, period order by age),
    all_ages as (partition by problem, grain, period)
