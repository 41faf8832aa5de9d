-- One row per feature and day that strays farther from its own past than the budget of false pages allows.
select
    problem,
    'feature_drift' as kind,
    subject,
    'features' as alert_subject,
    concat(problem, '__features') as node,
    cast(day as timestamp) as seen_at,
    {{ measure_in_words('measure') }} as measure,
    value,
    limit_value,
    cast(null as varchar) as severity,
    -- above 1 the shares of the cells have little in common any more: farther apart is not worse
    case when psi is not null then least(psi, 1) end * coalesce(share_of_gain, 0) as damage,
    rows as rows_at_stake
from {{ ref('mon_worst_signals') }}
where monitor = 'feature_drift'
