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

-- days and weeks, as in mon_period_rows
ends as (
    select problem, day + 1 as end_day from count_by_delay
    union
    select problem, cast(date_trunc('week', day) as date) + 7 from count_by_delay
),

look_back as (
    select ends.problem, ends.end_day, counts.days, sum(counts.rows) as rows
    from ends
    inner join count_by_delay as counts
        on counts.problem = ends.problem
        and counts.known_day < ends.end_day and counts.known_day >= ends.end_day - {{ limits.delay_days }}
    group by all
),

cumulate as (
    select
        *,
        sum(rows) over (partition by problem, end_day order by days) as so_far,
        sum(rows) over (partition by problem, end_day) as all_rows
    from look_back
)

-- Of a hundred labels one may be later still: to wait for the last straggler would make the youngest evidence old.
select problem, end_day, min(days) as days
from cumulate
where so_far >= 0.99 * all_rows
group by problem, end_day
