-- One row per day on which labels follow the scores less than the scores claim, and than their own past lets expect.
select
    problem,
    'quality_realised' as kind,
    'champion' as subject,
    'champion' as alert_subject,
    concat(problem, '__outcomes') as node,
    cast(day as timestamp) as seen_at,
    {{ measure_in_words('measure') }} as measure,
    value,
    limit_value,
    cast(null as varchar) as severity,
    -- of an area that is .1 lower one pair in ten is ordered wrongly that was claimed to be right
    least(effect, 1) as damage,
    rows as rows_at_stake
from {{ ref('mon_worst_signals') }}
where monitor = 'quality_realised'
