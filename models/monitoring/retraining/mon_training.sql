-- One row per training: its seconds, memory and rows, against its budget and against the trainings before it.
{#- three times the costliest of ten before, for as many rows: rounds of boosting differ several times over between trainings that are well -#}
{%- set times_usual = 3 %}
{%- set trainings_before = 10 %}
{#- processor seconds of which nobody needs to be warned: a minute is a sixtieth of the hour that serving may wait -#}
{%- set least_seconds = 60 %}
with runs as (
    select
        *,
        count_if(status = 'succeeded') over earlier as successes_before,
        max(case when status = 'succeeded' then as_of end) over earlier as succeeded_as_of
    from {{ ref('ledger_runs') }}
    where phase = 'training'
    window earlier as (partition by problem order by started_at, run_id rows between unbounded preceding and 1 preceding)
),

-- A training is never part of what it is compared with. Processor seconds, because those of the clock say what else the machine does.
usual_of_those_before as (
    select
        run_id,
        max(cpu_seconds / nullif(rows, 0)) over earlier as most_seconds_a_row,
        count(cpu_seconds / nullif(rows, 0)) over earlier as measured_before
    from runs
    where status = 'succeeded'
    window earlier as (partition by problem order by started_at, run_id rows between {{ trainings_before }} preceding and 1 preceding)
)

select
    runs.problem,
    runs.run_id,
    runs.as_of,
    runs.started_at,
    runs.status,
    runs.seconds,
    runs.cpu_seconds,
    -- waiting for others adds to the first only, several threads to the second only
    least(runs.seconds, runs.cpu_seconds) as own_seconds,
    runs.peak_memory_mb,
    -- a process that has run for long holds the pages of the warehouse and what others left: no training can help that
    runs.peak_memory_mb - runs.memory_before_mb as own_memory_mb,
    runs.rows as rows_trained,
    runs.limit_seconds,
    runs.limit_memory_mb,
    -- more rows take more time
    case when measured_before >= 3
        then greatest({{ least_seconds }}, {{ times_usual }} * most_seconds_a_row * runs.rows)
    end as usual_limit_seconds,
    {{ seconds_between('succeeded_as_of', 'runs.as_of') }} / 86400 as days_since_success,
    count_if(runs.status = 'failed') over (
        partition by runs.problem, successes_before order by runs.started_at, runs.run_id
    ) as failures_in_a_row,
    runs.message
from runs
left join usual_of_those_before using (run_id)
