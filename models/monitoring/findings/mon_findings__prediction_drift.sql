-- One row per day on which scores are distributed otherwise than their own past lets expect.
select
    problem,
    'prediction_drift' as kind,
    subject,
    subject as alert_subject,
    concat(problem, '__predictions') as node,
    cast(day as timestamp) as seen_at,
    {{ measure_in_words('measure') }} as measure,
    value,
    limit_value,
    cast(null as varchar) as severity,
    case when psi is not null then least(psi, 1) end as damage,
    rows as rows_at_stake
from {{ ref('mon_worst_signals') }}
where monitor = 'prediction_drift'
