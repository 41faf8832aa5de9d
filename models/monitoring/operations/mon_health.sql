-- One row per problem: whether its model is healthy, in a word, and what that is decided from.
with clock as (select cast(now as date) as today from {{ ref('stg_asof__clock') }}),

problems as (
    {{ no_rows({'problem': 'varchar', 'metric': 'varchar'}) }}
    {%- for problem in var('problems') %}
    union all
    select '{{ problem }}' as problem, '{{ declared_problem(problem).metric }}' as metric
    {%- endfor %}
),

champions as (
    select problem, model_version as champion, starts_at as champion_since
    from {{ ref('mon_champion_periods') }}
    where ends_at is null
),

-- An alert without a problem is everybody's: a feed, a disk, a run.
standing_alerts as (
    select
        problems.problem,
        count_if(severity = 'critical') as critical_alerts,
        count_if(severity = 'warning') as warning_alerts,
        count_if(severity = 'info') as info_alerts
    from problems
    inner join {{ ref('alerts') }} as alerts on alerts.problem = problems.problem or alerts.problem is null
    where alerts.state <> 'closed'
    group by problems.problem
),

looks as (
    select
        (select max(started_at) from {{ ref('ledger_runs') }}) as latest_run_at,
        max(started_at) as looked_at
    from {{ ref('ledger_runs') }}
    where phase = 'monitoring' and status = 'succeeded'
),

-- Only where looks come by a schedule is the next one due.
schedule as (
    select
        looks.latest_run_at,
        looks.looked_at,
        case when {{ by_schedule('runs.started_at') }}
            then looked_at + {{ var('expected_runs').monitoring }} * interval '1' hour
        end as look_due_at
    from looks
    left join {{ ref('ledger_runs') }} as runs
        on runs.phase = 'monitoring' and runs.status = 'succeeded' and runs.started_at > looked_at - interval '1' day
    group by latest_run_at, looked_at
),

labels as (
    select problem, max(last_day) as measured_through, max(rows_labelled) as rows_labelled
    from {{ ref('mon_quality_by_metric') }}
    where grain = 'recent'
    group by problem
),

-- Nobody can know more of a question that is answered after two months than what became of it two months ago.
waits as (
    select problem, cast(ceil(median(label_delay_hours) / 24) as integer) as days
    from {{ ref('mon_proxies') }}
    where label_delay_hours is not null
    group by problem
),

-- The latest day and the latest week, whatever their labels: young models have estimates of days only.
latest_estimates as (
    select problem, metric, grain, max_by(state, period) as state
    from {{ ref('mon_quality_estimated') }}
    group by problem, metric, grain
),

estimates as (
    select problem, metric, case when bool_or(state = 'ESTIMATED') then 'ESTIMATED' else 'BLIND' end as estimate_state
    from latest_estimates
    group by problem, metric
)

-- The first state that holds.
select
    problems.problem,
    problems.metric,
    case
        when champion is null then 'NO MODEL'
        when critical_alerts > 0 then 'FAILING'
        -- the present is at least that of the latest run; who has a clock asks whether the look is due by it
        when latest_run_at > look_due_at then 'UNWATCHED'
        -- labels that could have come four weeks ago speak of another month
        when coalesce(measured_through < today - 28 - coalesce(waits.days, 0), true) and coalesce(estimate_state, 'BLIND') = 'BLIND' then 'BLIND'
        when warning_alerts > 0 then 'WATCH'
        else 'HEALTHY'
    end as state,
    champions.champion,
    champions.champion_since,
    coalesce(critical_alerts, 0) as critical_alerts,
    coalesce(warning_alerts, 0) as warning_alerts,
    coalesce(info_alerts, 0) as info_alerts,
    coalesce(rows_labelled, 0) as rows_labelled,
    measured_through,
    looked_at,
    look_due_at,
    estimate_state
from problems
cross join clock
cross join schedule
left join champions using (problem)
left join standing_alerts using (problem)
left join labels using (problem)
left join waits using (problem)
left join estimates using (problem, metric)
