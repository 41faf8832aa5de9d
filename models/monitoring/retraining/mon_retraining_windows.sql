-- One row per problem, trigger and whole week of serving: what the trigger looks at, and whether it was beyond the limit.
{%- set limits = var('weekly_limits') %}
with policy as (select * from {{ ref('mon_retraining_policy') }}),

clock as (select * from {{ ref('stg_asof__clock') }}),

drift_by_week as (
    select
        drift.problem,
        drift.week,
        drift.model_version,
        sum(coalesce({{ json_number('model_versions.importances', 'drift.feature') }}, 0))
            filter (where drift.psi > {{ limits.drift_psi }}) as share_that_moved
    from {{ ref('mon_drift') }} as drift
    inner join {{ ref('ledger_model_versions') }} as model_versions using (problem, model_version)
    where drift.rows_served >= {{ limits.drift_min_rows }} and drift.feature not in ('score', 'label')
    group by all
),

labels_by_week as (
    {{ labels_by_period("cast(date_trunc('week', day) as date)") }}
),

-- A loss is small where it is good.
realised_quality as (
    select
        quality.problem,
        quality.period as week,
        better_when * quality.value as quality
    from {{ ref('mon_quality_by_metric') }} as quality
    inner join policy using (problem, metric)
    inner join labels_by_week as counted on counted.problem = quality.problem and counted.period = quality.period
    cross join clock
    where quality.grain = 'week' and quality.scorer = 'champion' and quality.rows_labelled >= {{ limits.quality_min_rows }}
        and {{ labels_are_in('counted.labels', 'counted.rows', 'quality.period', 'clock.now') }}
),

estimated_quality as (
    select
        estimated.problem,
        estimated.period as week,
        case when estimated.metric = 'log_loss' then -estimated.low else estimated.high end as best
    from {{ ref('mon_quality_estimated') }} as estimated
    inner join policy on policy.problem = estimated.problem and policy.metric = estimated.metric
    where estimated.grain = 'week' and estimated.state = 'ESTIMATED'
),

-- A week whose labels are still to come looks back, too. It is never in its own past, and half of fewer than four weeks is a guess.
usual_quality as (
    select this.problem, this.week, percentile_cont(0.5) within group (order by past.quality) as usual
    from (select problem, week from realised_quality union select problem, week from estimated_quality) as this
    inner join realised_quality as past on past.problem = this.problem and past.week < this.week
    group by all
    having count(past.quality) >= 4
),

windows as (
    select problem, 'drift' as trigger, week, coalesce(max(share_that_moved), 0) as value, {{ limits.drift_share_of_gain }} as limit_value, 1 as sign
    from drift_by_week
    group by problem, week
    union all
    select problem, 'realised_loss', week, realised_quality.quality, usual_quality.usual - policy.loss, -1
    from realised_quality
    left join usual_quality using (problem, week)
    inner join policy using (problem)
    union all
    select problem, 'estimated_loss', week, estimated_quality.best, usual_quality.usual - policy.loss, -1
    from estimated_quality
    inner join usual_quality using (problem, week)
    inner join policy using (problem)
)

select
    problem,
    trigger,
    week,
    cast(week + interval 7 days as timestamp) as week_end,
    value,
    cast(limit_value as double) as limit_value,
    coalesce(sign * value > sign * limit_value, false) as is_beyond
from windows
cross join clock
where week + interval 7 days <= clock.now
