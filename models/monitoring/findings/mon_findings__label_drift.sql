-- One row per week in which the label was true more or less often than on the training rows.
{%- set limits = var('alert_limits') %}
select
    problem,
    'label_drift' as kind,
    feature as subject,
    feature as alert_subject,
    concat(problem, '__labels') as node,
    cast(week as timestamp) as seen_at,
    psi as value,
    cast({{ limits.drift_psi }} as double) as limit_value,
    cast(null as varchar) as severity,
    least(psi, 1) as damage,
    rows_served as rows_at_stake
from {{ ref('mon_drift') }}
where feature = 'label' and rows_served >= {{ limits.drift_min_rows }} and psi > {{ limits.drift_psi }}
