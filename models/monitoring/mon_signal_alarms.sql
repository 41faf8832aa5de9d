-- One row per problem (null: sources, which all share) and quarter: how often its signals would have paged, against the budget.
with signals as (select * from {{ ref('mon_signals') }}),

kinds as (select * from {{ ref('alert_kinds') }}),

count_the_days as (
    select
        problem,
        cast(date_trunc('quarter', day) as date) as quarter,
        count(distinct day) filter (where state = 'watched') as days_watched,
        count(distinct day) filter (where is_signal) as alarm_days,
        count(*) filter (where is_signal) as signals
    from signals
    group by all
),

-- A signal that is still standing is part of the alert that it opened.
find_what_opens as (
    select
        problem,
        monitor,
        source,
        day,
        coalesce(day > lag(day) over (partition by problem, monitor, source order by day) + closes_after_days, true) as opens
    from (
        -- the features of a problem share an alert, each source has its own
        select distinct problem, monitor, case when problem is null then subject end as source, day from signals where is_signal
    ) as alarms
    inner join kinds on kinds.kind = alarms.monitor
),

count_the_pages as (
    select problem, cast(date_trunc('quarter', day) as date) as quarter, count_if(opens) as pages
    from find_what_opens
    group by all
)

select
    d.problem,
    d.quarter,
    d.days_watched,
    d.signals,
    d.alarm_days,
    coalesce(p.pages, 0) as pages,
    d.days_watched / 92.0 * {{ var('signals').false_pages_a_quarter }} as pages_allowed
from count_the_days as d
left join count_the_pages as p on p.problem is not distinct from d.problem and p.quarter = d.quarter
