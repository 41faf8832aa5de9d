-- One row per problem, monitor, subject and day with a signal: the measure that is farthest beyond its limit, and what hangs on it.
with signals as (
    select *, row_number() over (partition by problem, monitor, subject, day order by times_limit desc, measure) as place
    from {{ ref('mon_signals') }}
    where is_signal
),

-- the version that served most rows of the day
drift as (
    select problem, feature as subject, day, max_by(psi, rows_served) as psi, max_by(model_version, rows_served) as model_version
    from {{ ref('mon_drift_by_day') }}
    group by all
),

importances as (
    select
        drift.*,
        {{ json_number('model_versions.importances', 'drift.subject') }} as share_of_gain
    from drift
    inner join {{ ref('ledger_model_versions') }} as model_versions using (problem, model_version)
)

select
    signals.problem,
    signals.monitor,
    signals.subject,
    signals.measure,
    signals.day,
    signals.rule,
    coalesce(monitored.in_words, replace(signals.measure, '_', ' ')) as in_words,
    -- what is watched in logarithms is shown in its own unit
    case
        when signals.measure in ('rows', 'rows_scored') then exp(value) - 1
        when signals.measure in ('spread', 'score_spread', 'spread_residual') then exp(value)
        else value
    end as value,
    case
        when signals.measure in ('rows', 'rows_scored') then exp(expected + sign(effect) * limit_effect) - 1
        when signals.measure in ('spread', 'score_spread', 'spread_residual') then exp(expected + sign(effect) * limit_effect)
        else expected + sign(effect) * limit_effect
    end as limit_value,
    signals.effect,
    signals.times_limit,
    signals.rows,
    importances.psi,
    importances.share_of_gain
from signals
left join importances on importances.problem = signals.problem and importances.subject = signals.subject and importances.day = signals.day
left join {{ ref('monitored_measures') }} as monitored on monitored.measure = signals.measure
where place = 1
