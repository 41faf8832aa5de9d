-- One row per day on which labels are true more or less often than their own past, or the scores, let expect.
select
    problem,
    'label_drift' as kind,
    subject,
    subject as alert_subject,
    concat(problem, '__labels') as node,
    cast(day as timestamp) as seen_at,
    {{ measure_in_words('measure') }} as measure,
    value,
    limit_value,
    cast(null as varchar) as severity,
    least(abs(effect), 1) as damage,
    rows as rows_at_stake
from {{ ref('mon_worst_signals') }}
where monitor = 'label_drift'
