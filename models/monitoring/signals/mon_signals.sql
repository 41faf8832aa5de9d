-- One row per problem, monitor, subject, measure and day: the value, the limit that its history sets, and whether it is a signal.
-- What:   limit of the effect = scale × (1 + mean excess × limit of rarity) / weight, the least effect that matters at least; three times that on special days.
-- Source: the formula of mon_robust_z_scores, solved for the effect at the limits of mon_alarm_limits; docs/monitoring.md explains one day.
-- Read:   times_limit of 1 and more is a signal; `learning` and `blind` say that there is no limit, or none that can be reached.
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='day') }}
{%- set how = signal_windows() %}
{%- set changed = oldest_change(label_measures_by_day(ref('mon_robust_z_scores')), label_measures_by_day(this)) %}
with scores as (
    select scores.*, monitored.greatest_value
    from {{ ref('mon_robust_z_scores') }} as scores
    left join {{ ref('monitored_measures') }} as monitored using (measure)
    where {{ open_days('day', changed=changed) }}
),

limits as (select * from {{ ref('mon_alarm_limits') }} where {{ open_days('day', changed=changed) }}),

scores_with_limits as (
    select
        d.*,
        -- a day that is known to be unlike others may lie farther off
        case when special.day is null then 1 else {{ (var('special_days', none) or {}).get('times', 1) }} end as times,
        case
            when d.was_always_zero then 'zero'
            when l.alone_limit is null or d.days_before < {{ how.fewest_days }} then 'learning'
            else 'watched'
        end as state,
        -- a signal lies beyond the limit of its measure, and by an effect that matters
        greatest(d.least_effect, d.scale * (1 + d.mean_excess * l.alone_limit) / d.weight) as alone_limit,
        greatest(d.least_effect, d.scale * (1 + d.mean_excess * l.lasting_limit) / d.weight) as lasting_limit,
        l.lasting_limit as lasting_rarity_limit
    from scores as d
    left join limits as l on l.problem is not distinct from d.problem and l.measure = d.measure and l.day = d.day
    left join {{ ref('mon_special_days') }} as special on special.day = d.day
),

sizes as (
    select
        *,
        case when only_up then effect else abs(effect) end as size,
        times * case when state = 'zero' then least_effect / weight when state = 'watched' then alone_limit end as one_day_limit,
        times * case when state = 'watched' and lasting_rarity >= lasting_rarity_limit then lasting_limit end as two_days_limit,
        times * least(alone_limit, coalesce(lasting_limit, alone_limit)) as nearest_limit
    from scores_with_limits
)

select
    problem,
    monitor,
    subject,
    measure,
    day,
    -- a share cannot be above 1: where every limit lies beyond, in both directions, nothing could be a signal
    case
        when state = 'watched' and expected + nearest_limit > greatest_value and (only_up or expected < nearest_limit) then 'blind'
        else state
    end as state,
    value,
    expected,
    effect,
    least_effect,
    least(one_day_limit, coalesce(two_days_limit, one_day_limit)) as limit_effect,
    rows,
    size / nullif(least(one_day_limit, coalesce(two_days_limit, one_day_limit)), 0) as times_limit,
    case
        when size >= one_day_limit then 'alone'
        when size >= two_days_limit then 'lasting'
    end as rule,
    coalesce(size >= least(one_day_limit, coalesce(two_days_limit, one_day_limit)), false) as is_signal
from sizes
