-- One row per problem, monitor, subject, measure and day: the value, the limit that its history sets, and whether it is a signal.
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='day') }}
{%- set how = var('signals') %}
{%- set changed = oldest_change(label_measures_by_day(ref('mon_deviations')), label_measures_by_day(this)) %}
with deviations as (
    select *, {{ declared_of_measure('most') }} as most from {{ ref('mon_deviations') }} where {{ open_days('day', changed=changed) }}
),

limits as (select * from {{ ref('mon_alarm_limits') }} where {{ open_days('day', changed=changed) }}),

set_limits as (
    select
        d.*,
        -- a day that is known to be unlike others may stray farther
        case when special.day is null then 1 else {{ (how.get('special_days') or {}).get('times', 1) }} end as times,
        case
            when d.was_always_zero then 'zero'
            when l.alone_limit is null or d.days_before < {{ how.fewest_days }} then 'learning'
            else 'watched'
        end as state,
        -- a signal strays beyond the limit of its measure, and by an effect that matters
        greatest(d.least_effect, d.scale * (1 + d.excess * l.alone_limit) / d.weight) as alone_limit,
        greatest(d.least_effect, d.scale * (1 + d.excess * l.lasting_limit) / d.weight) as lasting_limit,
        l.lasting_limit as lasting_rarity_limit
    from deviations as d
    left join limits as l on l.problem is not distinct from d.problem and l.measure = d.measure and l.day = d.day
    left join {{ ref('mon_special_days') }} as special on special.day = d.day
),

decide as (
    select
        *,
        case when only_up then effect else abs(effect) end as size,
        times * case when state = 'zero' then least_effect / weight when state = 'watched' then alone_limit end as one_day_limit,
        times * case when state = 'watched' and lasting_rarity >= lasting_rarity_limit then lasting_limit end as two_days_limit,
        times * least(alone_limit, coalesce(lasting_limit, alone_limit)) as nearest_limit
    from set_limits
)

select
    problem,
    monitor,
    subject,
    measure,
    day,
    -- a share cannot be above 1: where every limit lies beyond, in both directions, nothing could be a signal
    case
        when state = 'watched' and expected + nearest_limit > most and (only_up or expected < nearest_limit) then 'blind'
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
from decide
