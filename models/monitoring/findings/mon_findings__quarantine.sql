-- One row per source and day of landing that lost more lines than its own past lets expect.
select
    problem,
    'quarantine' as kind,
    subject,
    subject as alert_subject,
    subject as node,
    cast(day as timestamp) as seen_at,
    value,
    limit_value,
    cast(null as varchar) as severity,
    least(value, 1) as damage,
    rows as rows_at_stake
from {{ ref('mon_worst_signals') }}
where monitor = 'quarantine'
