-- One row per drifted feature and week in which most of what the model learned from had moved.
{%- set limits = var('alert_limits') %}
-- Weather and seasons move single features every week; what matters is how much of the model stands on those that moved.
with drift as (
    select * from {{ ref('mon_drift') }}
    where rows_served >= {{ limits.drift_min_rows }} and psi > {{ limits.drift_psi }} and feature not in ('score', 'label')
),

model_versions as (select * from {{ ref('model_versions') }}),

weigh as (
    select
        drift.*,
        {{ json_number('model_versions.importances', 'drift.feature') }} as share_of_gain,
        sum({{ json_number('model_versions.importances', 'drift.feature') }}) over (
            partition by drift.problem, drift.model_version, drift.week
        ) as share_that_moved
    from drift
    inner join model_versions using (problem, model_version)
)

select
    problem,
    'feature_drift' as kind,
    feature as subject,
    'features' as alert_subject,
    concat(problem, '__features') as node,
    cast(week as timestamp) as seen_at,
    psi as value,
    cast({{ limits.drift_psi }} as double) as limit_value,
    cast(null as varchar) as severity,
    -- above 1 the shares of the cells have little in common any more: farther apart is not worse
    least(psi, 1) * share_of_gain as damage,
    rows_served as rows_at_stake
from weigh
where share_that_moved > {{ limits.drift_share_of_gain }}
