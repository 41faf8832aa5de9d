-- One row per problem, grain, period and age of a row: the shares of positive and of negative labels that arrive by that age.
-- What:   the empirical distribution of the delay of labels, of positives and negatives apart, over the four reference weeks of the period.
-- Source: Lawless 1994, Adjustments for reporting delays; Canadian Journal of Statistics 22.
-- Read:   positives_in of 0.8 at an age says that eight in ten positives are known so long after as_of: a label that is later is rather a negative.
with scored as (select * from {{ ref('mon_scored') }} where label is not null),

period_rows as (select * from {{ ref('mon_scored_by_period') }}),

label_delay as (select * from {{ ref('mon_label_delay') }}),

arrivals_by_day as (
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

arrivals_known_by_then as (
    select periods.problem, periods.grain, periods.period, arrivals.age, arrivals.positives, arrivals.negatives
    from (select distinct problem, grain, period, cast(period_end as date) as end_day from period_rows) as periods
    inner join label_delay using (problem, end_day)
    inner join arrivals_by_day as arrivals
        on arrivals.problem = periods.problem
        and {{ is_reference_day('arrivals', 'periods.end_day', 'label_delay.days') }}
    union all
    select distinct problem, grain, period, age, 0, 0 from period_rows
),

by_age as (
    select problem, grain, period, age, sum(positives) as positives, sum(negatives) as negatives
    from arrivals_known_by_then
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
