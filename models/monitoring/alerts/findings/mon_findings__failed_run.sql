-- One row per failed run of a phase that has not succeeded since, and per phase that has kept its schedule and has fallen silent.
{%- set expected = var('expected_runs') %}
with runs as (select * from {{ ref('ledger_runs') }}),

last_successes as (
    select problem, phase, max(started_at) as succeeded_at from runs where status = 'succeeded' group by all
),

failures as (
    select
        runs.problem,
        runs.phase,
        runs.as_of as seen_at,
        'failures since the last success' as measure,
        -- how many times it has failed by then: the first failure is 1
        cast(row_number() over (partition by runs.problem, runs.phase order by runs.started_at) as double) as value,
        cast(0 as double) as limit_value
    from runs
    left join last_successes
        on last_successes.phase = runs.phase and last_successes.problem is not distinct from runs.problem
    where runs.status = 'failed' and (succeeded_at is null or runs.started_at > succeeded_at)
),

-- A run that is killed leaves no row. What came in six different hours of a day comes by a schedule and not by hand: there it is
-- missed, as soon as any other run says how late it is. The look itself is missed by who reads mon_health.
phases_by_schedule as (
    select
        runs.problem,
        runs.phase,
        max(runs.as_of) as as_of,
        max(runs.started_at) as succeeded_at,
        {{ by_schedule('runs.started_at') }} as is_kept
    from runs
    inner join last_successes
        on last_successes.phase = runs.phase and last_successes.problem is not distinct from runs.problem
    where runs.status = 'succeeded' and runs.started_at > succeeded_at - interval '1' day
    group by all
),

hours_silent_by_phase as (
    select
        problem,
        phase,
        as_of,
        {{ seconds_between('succeeded_at', '(select max(started_at) from runs)') }} / 3600 as hours_silent,
        case phase {% for phase, hours in expected.items() if phase != 'monitoring' %}when '{{ phase }}' then {{ hours }} {% endfor %}end
            as hours_allowed
    from phases_by_schedule
    where is_kept
),

missed_runs as (
    select
        problem, phase, as_of as seen_at, 'hours since the last success' as measure, hours_silent as value,
        cast(hours_allowed as double) as limit_value
    from hours_silent_by_phase
    -- a problem that is no longer declared is missed by nobody
    where hours_silent > hours_allowed and (problem is null or problem in ('{{ var('problems') | join("', '") }}'))
)

select
    problem,
    'failed_run' as kind,
    phase as subject,
    phase as alert_subject,
    cast(null as varchar) as node,
    seen_at,
    measure,
    value,
    limit_value,
    cast(null as varchar) as severity,
    -- what the phase should have made is missing altogether
    cast(1 as double) as damage,
    cast(null as bigint) as rows_at_stake
from (select * from failures union all select * from missed_runs)
