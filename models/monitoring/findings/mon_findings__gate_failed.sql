-- One row per gate that a challenger failed.
select
    problem,
    'gate_failed' as kind,
    gate as subject,
    gate as alert_subject,
    'verdicts' as node,
    decided_as_of as seen_at,
    'what the gate measures' as measure,
    estimate as value,
    margin as limit_value,
    cast(null as varchar) as severity,
    cast(null as double) as damage,
    rows_judged as rows_at_stake
from {{ ref('mon_validation') }}
where passed = false
