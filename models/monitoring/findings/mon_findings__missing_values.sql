-- One row per feature and day with more values missing, unseen or out of range than its own past lets expect.
select
    problem,
    'missing_values' as kind,
    subject,
    'values' as alert_subject,
    concat(problem, '__features') as node,
    cast(day as timestamp) as seen_at,
    {{ measure_in_words('measure') }} as measure,
    value,
    limit_value,
    cast(null as varchar) as severity,
    least(value, 1) * coalesce(share_of_gain, 0) as damage,
    rows as rows_at_stake
from {{ ref('mon_worst_signals') }}
where monitor = 'missing_values'
