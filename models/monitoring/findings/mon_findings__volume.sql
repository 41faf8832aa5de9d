-- One row per source and day on which it brought fewer or more rows than that weekday lets expect, or older ones.
select
    problem,
    'volume' as kind,
    subject,
    subject as alert_subject,
    subject as node,
    cast(day as timestamp) as seen_at,
    {{ measure_in_words('measure') }} as measure,
    value,
    limit_value,
    cast(null as varchar) as severity,
    -- the part of the usual rows that is not there, or there twice; nobody can say what late rows do
    case when measure = 'rows' then least(abs(1 - exp(effect)), 1) end as damage,
    rows as rows_at_stake
from {{ ref('mon_worst_signals') }}
where monitor = 'volume'
