-- One row per day on which predictions look otherwise than their own past lets expect: mean, share flagged, entropy, reasons.
select
    problem,
    'proxies' as kind,
    subject,
    'predictions' as alert_subject,
    concat(problem, '__predictions') as node,
    cast(day as timestamp) as seen_at,
    {{ measure_in_words('measure') }} as measure,
    value,
    limit_value,
    cast(null as varchar) as severity,
    -- the measures are shares, probabilities and bits: each moves within 0 and 1
    least(abs(effect), 1) as damage,
    rows as rows_at_stake
from {{ ref('mon_worst_signals') }}
where monitor = 'proxies'
