-- One row per problem that somebody should look at; it goes when its reason is two weeks old, or the run succeeds again.
{{ config(tags=['published']) }}
{%- set limits = var('alert_limits') %}
with drift as (
    select * from {{ ref('mon_drift') }} where rows_served >= {{ limits.drift_min_rows }}
),

quality as (
    select * from {{ ref('mon_quality') }} where grain = 'week' and rows_labelled >= {{ limits.quality_min_rows }}
),

model_versions as (select * from {{ ref('model_versions') }}),

clock as (select cast(now as date) as today from {{ ref('stg_asof__clock') }}),

recent_batches as (
    select * from {{ ref('batches') }}
    where landed_as_of >= (select today - interval {{ limits.stands_for_days }} days from clock)
),

runs as (select * from {{ ref('runs') }}),

drifted_outputs as (
    select
        problem,
        case feature when 'score' then 'prediction_drift' else 'label_drift' end as kind,
        feature as subject,
        min(week) as first_seen,
        max(week) as last_seen,
        max_by(psi, week) as value,
        cast({{ limits.drift_psi }} as double) as limit_value
    from drift
    where psi > {{ limits.drift_psi }} and feature in ('score', 'label')
    group by all
),

-- Weather and seasons move single features every week; what matters is how much of the model stands on those that moved.
weigh_drifted_features as (
    select
        drift.problem,
        drift.model_version,
        drift.week,
        sum({{ json_number('model_versions.importances', 'drift.feature') }}) as share_of_gain
    from drift
    inner join model_versions using (problem, model_version)
    where drift.psi > {{ limits.drift_psi }} and drift.feature not in ('score', 'label')
    group by all
),

drifted_features as (
    select
        problem,
        'feature_drift' as kind,
        'features' as subject,
        min(week) as first_seen,
        max(week) as last_seen,
        max_by(share_of_gain, week) as value,
        cast({{ limits.drift_share_of_gain }} as double) as limit_value
    from weigh_drifted_features
    where share_of_gain > {{ limits.drift_share_of_gain }}
    group by problem
),

beaten_by_the_rule as (
    select
        champion.problem,
        'quality_below_rule' as kind,
        'champion' as subject,
        min(champion.period) as first_seen,
        max(champion.period) as last_seen,
        max_by(champion.roc_auc - rule.roc_auc, champion.period) as value,
        cast(0 as double) as limit_value
    from quality as champion
    inner join quality as rule using (problem, period)
    where champion.scorer = 'champion' and rule.scorer = 'rule' and champion.roc_auc < rule.roc_auc
    group by all
),

quarantined_rows as (
    select
        cast(null as varchar) as problem,
        'quarantine' as kind,
        source as subject,
        cast(min(landed_as_of) as date) as first_seen,
        cast(max(landed_as_of) as date) as last_seen,
        cast(sum(rows_quarantined) as double) / sum(rows_received) as value,
        cast({{ limits.quarantined_share }} as double) as limit_value
    from recent_batches
    group by source
    having sum(rows_quarantined) > {{ limits.quarantined_share }} * sum(rows_received)
),

last_successes as (
    select problem, phase, max(started_at) as succeeded_at from runs where status = 'succeeded' group by all
),

failed_runs as (
    select
        runs.problem,
        'failed_run' as kind,
        runs.phase as subject,
        cast(min(started_at) as date) as first_seen,
        cast(max(started_at) as date) as last_seen,
        cast(count(*) as double) as value,
        cast(0 as double) as limit_value
    from runs
    left join last_successes
        on last_successes.phase = runs.phase and last_successes.problem is not distinct from runs.problem
    where runs.status = 'failed' and (succeeded_at is null or started_at > succeeded_at)
    group by all
),

unite as (
    select * from drifted_features
    union all
    select * from drifted_outputs
    union all
    select * from beaten_by_the_rule
    union all
    select * from quarantined_rows
    union all
    select * from failed_runs
)

select
    concat_ws('/', kind, problem, subject) as alert_id,
    *,
    concat('docs/alerts/', kind, '.md') as page
from unite
where kind = 'failed_run' or last_seen >= (select today - interval {{ limits.stands_for_days }} days from clock)
