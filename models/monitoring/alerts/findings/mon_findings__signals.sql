-- One row per kind of signal, subject and day: a measure that is farther from its own past than the budget of false alerts allows.
-- Which measures are watched, and which kind of alert each raises, says seeds/monitored_measures.csv.
with labels_of_silent_sources as (
    select
        source,
        concat('; labels of ', string_agg(problem, ', ' order by problem), ' known after ', strftime(min(known_through), '%Y-%m-%d %H:%M'),
            ' UTC are made of nothing and do not count') as in_words
    from {{ ref('mon_silent_labels') }}
    group by source
)

select
    problem,
    monitor as kind,
    case monitor when 'quality_realised' then 'champion' else subject end as subject,
    -- the features of a problem share an alert, each source has its own
    case monitor
        when 'feature_drift' then 'features'
        when 'missing_values' then 'values'
        when 'proxies' then 'predictions'
        when 'quality_realised' then 'champion'
        else subject
    end as alert_subject,
    case
        when monitor in ('feature_drift', 'missing_values') then concat(problem, '__features')
        when monitor in ('prediction_drift', 'proxies') then concat(problem, '__predictions')
        when monitor = 'label_drift' then concat(problem, '__labels')
        when monitor = 'quality_realised' then concat(problem, '__outcomes')
        else subject
    end as node,
    cast(day as timestamp) as seen_at,
    -- a source that stopped leaves labels that say nothing happened
    concat(signals.in_words, case when monitor = 'volume' then silent.in_words end) as measure,
    value,
    limit_value,
    cast(null as varchar) as severity,
    case monitor
        -- above 1 the shares of the cells have little in common any more: farther apart is not worse
        when 'feature_drift' then case when psi is not null then least(psi, 1) end * coalesce(share_of_gain, 0)
        when 'missing_values' then least(value, 1) * coalesce(share_of_gain, 0)
        when 'prediction_drift' then case when psi is not null then least(psi, 1) end
        -- the measures are shares, probabilities and bits: each moves within 0 and 1
        when 'proxies' then least(abs(effect), 1)
        when 'label_drift' then least(abs(effect), 1)
        -- of an area that is .1 lower one pair in ten is ordered wrongly that was claimed to be right
        when 'quality_realised' then least(effect, 1)
        -- the part of the usual rows that is not there, or there twice; nobody can say what late rows do
        when 'volume' then case when measure = 'rows' then least(abs(1 - exp(effect)), 1) end
    end as damage,
    rows as rows_at_stake
from {{ ref('mon_worst_signals') }} as signals
left join labels_of_silent_sources as silent on silent.source = signals.subject
