-- One row per problem for which the calendar has twice asked for a training since the last one that succeeded.
with policy as (select * from {{ ref('mon_retraining_policy') }}),

clock as (select * from {{ ref('stg_asof__clock') }}),

-- Where none has succeeded, since the first that was tried.
latest_trainings as (
    select problem, coalesce(max(as_of) filter (where status = 'succeeded'), min(as_of)) as since
    from {{ ref('mon_training') }}
    group by problem
),

latest_slots as (
    select policy.*, clock.now, {{ schedule_slot('cadence', 'now') }} as slot from policy cross join clock
),

slots_before as (
    select *, {{ schedule_slot('cadence', "slot - interval '1' second") }} as slot_before from latest_slots
),

-- Two whole periods of the calendar, as long as the last two were: one training that fails is made up for by the next.
days_since as (
    select
        slots.problem,
        slots.now,
        {{ seconds_between('latest.since', 'slots.now') }} / 86400 as days,
        {{ seconds_between(schedule_slot('cadence', "slot_before - interval '1' second"), 'slot') }} / 86400 as limit_days
    from slots_before as slots
    inner join latest_trainings as latest using (problem)
)

select
    problem,
    'training_overdue' as kind,
    'training' as subject,
    'training' as alert_subject,
    'ledger_model_versions' as node,
    now as seen_at,
    'days since the last training that succeeded' as measure,
    days as value,
    cast(limit_days as double) as limit_value,
    cast(null as varchar) as severity,
    cast(null as double) as damage,
    cast(null as bigint) as rows_at_stake
from days_since
-- without a cadence there is no calendar, and nothing is overdue
where days > limit_days
