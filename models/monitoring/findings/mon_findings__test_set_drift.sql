-- One row per model version whose holdout is scored otherwise than the holdout of the version before.
{%- set limit = var('alert_limits').test_set_psi %}
select
    problem,
    'test_set_drift' as kind,
    'holdout' as subject,
    'holdout' as alert_subject,
    'model_versions' as node,
    trained_as_of as seen_at,
    'PSI of the scores on the holdout against the one before' as measure,
    score_psi as value,
    cast({{ limit }} as double) as limit_value,
    cast(null as varchar) as severity,
    -- the verdict is told on another population; no decision of the champion is in doubt by that
    cast(null as double) as damage,
    rows_holdout as rows_at_stake
from {{ ref('mon_holdout') }}
where score_psi > {{ limit }}
