-- One row per training: its seconds, memory and rows, against its budget and against the trainings before it.
{#- three times the median for as many rows: a busy machine takes twice -#}
{%- set times_usual = 3 %}
with runs as (
    select
        *,
        count_if(status = 'succeeded') over earlier as successes_before,
        max(case when status = 'succeeded' then as_of end) over earlier as succeeded_as_of
    from {{ ref('ledger_runs') }}
    where phase = 'training'
    window earlier as (partition by problem order by started_at, run_id rows between unbounded preceding and 1 preceding)
),

-- A training is never part of what it is compared with.
usual_of_those_before as (
    select run_id, median(seconds / nullif(rows, 0)) over earlier as usual_seconds_a_row
    from runs
    where status = 'succeeded'
    window earlier as (partition by problem order by started_at, run_id rows between unbounded preceding and 1 preceding)
)

select
    runs.problem,
    runs.run_id,
    runs.as_of,
    runs.started_at,
    runs.status,
    runs.seconds,
    runs.cpu_seconds,
    runs.peak_memory_mb,
    -- a process that has run for long holds the pages of the warehouse and what others left: no training can help that
    runs.peak_memory_mb - runs.memory_before_mb as own_memory_mb,
    runs.rows as rows_trained,
    runs.limit_seconds,
    runs.limit_memory_mb,
    -- More rows take more time; several times the usual for as many rows is neither chance nor a busy machine.
    case when successes_before >= 3
        then {{ times_usual }} * usual_seconds_a_row * runs.rows
    end as usual_limit_seconds,
    {{ seconds_between('succeeded_as_of', 'runs.as_of') }} / 86400 as days_since_success,
    count_if(runs.status = 'failed') over (
        partition by runs.problem, successes_before order by runs.started_at, runs.run_id
    ) as failures_in_a_row,
    runs.message
from runs
left join usual_of_those_before using (run_id)
