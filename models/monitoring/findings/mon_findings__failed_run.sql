-- One row per failed run of a phase that has not succeeded since.
with runs as (select * from {{ ref('runs') }}),

last_successes as (
    select problem, phase, max(started_at) as succeeded_at from runs where status = 'succeeded' group by all
)

select
    runs.problem,
    'failed_run' as kind,
    runs.phase as subject,
    runs.phase as alert_subject,
    cast(null as varchar) as node,
    runs.as_of as seen_at,
    'failures since the last success' as measure,
    -- how many times it has failed by then: the first failure is 1
    cast(row_number() over (partition by runs.problem, runs.phase order by runs.started_at) as double) as value,
    cast(0 as double) as limit_value,
    cast(null as varchar) as severity,
    -- what the phase should have made is missing altogether
    cast(1 as double) as damage,
    cast(null as bigint) as rows_at_stake
from runs
left join last_successes
    on last_successes.phase = runs.phase and last_successes.problem is not distinct from runs.problem
where runs.status = 'failed' and (succeeded_at is null or runs.started_at > succeeded_at)
