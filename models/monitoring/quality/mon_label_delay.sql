-- One row per problem and day on which a period ended: the days until practically every label has arrived, as known then.
{%- set limits = var('estimation') %}
with scored as (select * from {{ ref('mon_scored') }}),

count_by_delay as (
    select
        problem,
        cast(as_of as date) as day,
        cast(label_known_at as date) as known_day,
        cast(ceil({{ seconds_between('as_of', 'label_known_at') }} / 86400e0) as integer) as days,
        count(label) as rows
    from scored
    group by all
),

counts_by_period as (
    {{ by_day_and_week('count_by_delay', 'day') }}
),

period_ends as (select distinct problem, end_day from counts_by_period),

delays_known_by_then as (
    select period_ends.problem, period_ends.end_day, counts.days, sum(counts.rows) as rows
    from period_ends
    inner join count_by_delay as counts
        on counts.problem = period_ends.problem
        and counts.known_day < period_ends.end_day and counts.known_day >= period_ends.end_day - {{ limits.delay_days }}
    group by all
),

cumulated_delays as (
    select
        *,
        sum(rows) over (partition by problem, end_day order by days) as so_far,
        sum(rows) over (partition by problem, end_day) as all_rows
    from delays_known_by_then
)

-- To wait for the very last label would make the youngest evidence old.
select problem, end_day, min(days) as days
from cumulated_delays
where {{ practically_all('so_far', 'all_rows') }}
group by problem, end_day
