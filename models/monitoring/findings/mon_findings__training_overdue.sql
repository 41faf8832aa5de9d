-- One row per problem for which the calendar has twice asked for a training since the last one that succeeded.
with policy as (select * from {{ ref('mon_retraining_policy') }}),

clock as (select * from {{ ref('stg_asof__clock') }}),

-- Where none has succeeded, since the first that was tried.
look_at_the_latest as (
    select problem, coalesce(max(as_of) filter (where status = 'succeeded'), min(as_of)) as since
    from {{ ref('mon_training') }}
    group by problem
),

last_turns as (
    select policy.*, clock.now, {{ turn_of_cadence('cadence', 'now') }} as turn from policy cross join clock
),

turns_before as (
    select *, {{ turn_of_cadence('cadence', "turn - interval '1' second") }} as turn_before from last_turns
),

-- Two whole periods of the calendar, as long as the last two were: one training that fails is made up for by the next.
measure as (
    select
        turns.problem,
        turns.now,
        {{ seconds_between('latest.since', 'turns.now') }} / 86400 as days,
        {{ seconds_between(turn_of_cadence('cadence', "turn_before - interval '1' second"), 'turn') }} / 86400 as limit_days
    from turns_before as turns
    inner join look_at_the_latest as latest using (problem)
)

select
    problem,
    'training_overdue' as kind,
    'training' as subject,
    'training' as alert_subject,
    'model_versions' as node,
    now as seen_at,
    'days since the last training that succeeded' as measure,
    days as value,
    cast(limit_days as double) as limit_value,
    cast(null as varchar) as severity,
    cast(null as double) as damage,
    cast(null as bigint) as rows_at_stake
from measure
-- without a cadence there is no calendar, and nothing is overdue
where days > limit_days
