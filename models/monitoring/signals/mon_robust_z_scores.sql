-- One row per problem, monitor, subject, measure and day: a robust z-score against its own past, and how rare such a day is.
-- What:   expected = median of 28 days + what the weekday adds; z = (value - expected) / 90th percentile of a quarter; rarity = (|z| - 1) / mean excess.
-- Source: Rousseeuw and Croux 1993 (robust scale); Embrechts, Klüppelberg and Mikosch, Modelling Extremal Events, 1997, 6.2 (mean excess).
-- Read:   |z| up to 1 on nine days in ten; rarity r means that the exponential tail has fallen to e^-r there, alike for quiet and stormy series.
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='day') }}
{%- set how = signal_windows() %}
{%- set days_read = how.level_days + how.weekday_days + how.scale_days + how.tail_days %}
{%- set changed = oldest_change(label_measures_by_day(ref('mon_measures'), how.fewest_zeros), label_measures_by_day(this)) %}
with measures as (select * from {{ ref('mon_measures') }} where {{ open_days('day', before=days_read, changed=changed) }}),

-- The day itself is in none of its baselines. What is read before the open days is there to be looked back at, and has no whole past here.
level_of_28_days as (
    select
        *,
        {{ iso_weekday('day') }} as weekday,
        count(*) over before as level_days,
        median(value) over before as level,
        median(rows) over before as usual_rows,
        max(abs(value)) over before as greatest_before
    from measures
    window before as (
        partition by problem, subject, measure, version order by day
        range between interval {{ how.level_days }} days preceding and interval 1 days preceding
    )
),

weekday_effects as (
    select
        *,
        count(value - level) over same_weekday as weekdays,
        median(value - level) over same_weekday as weekday_adds
    from level_of_28_days
    where level_days > 0
    window same_weekday as (
        partition by problem, subject, measure, version, weekday order by day
        range between interval {{ how.weekday_days }} days preceding and interval 7 days preceding
    )
),

-- Of fewer than three weekdays the median is a guess. A day with fewer rows than usual lies farther off by chance alone.
effects as (
    select
        *,
        level + case when weekdays >= 3 then weekday_adds else 0 end as expected,
        value - level - case when weekdays >= 3 then weekday_adds else 0 end as effect,
        coalesce(least(1, sqrt(rows / nullif(cast(usual_rows as double), 0))), 1) as weight
    from weekday_effects
    where level_days >= {{ how.fewest_zeros }}
),

-- The ninth decile and not the usual deviation: what is quiet for a week and then storms is measured by its storms.
scales as (
    select
        *,
        from_zero and greatest_before = 0 and coalesce(max(abs(value)) over before, 0) = 0 as was_always_zero,
        count(effect) over before as days_before,
        quantile_cont(abs(effect), 0.9) over before as usual_effect
    from effects
    window before as (
        partition by problem, subject, measure, version order by day
        range between interval {{ how.scale_days }} days preceding and interval 1 days preceding
    )
),

-- What hardly ever moves must not count as extreme for a hair: a quarter of what matters is the least that it is measured by.
robust_z_scores as (
    select
        *,
        greatest(usual_effect, least_effect / 4) as scale,
        case
            when days_before < {{ how.fewest_days // 2 }} then null
            when only_up then greatest(weight * effect / greatest(usual_effect, least_effect / 4), 0)
            else weight * effect / greatest(usual_effect, least_effect / 4)
        end as robust_z
    from scales
),

-- How far a series goes where it goes beyond 1: some have storms. A few days that never were keep the first ones from deciding.
mean_excesses as (
    select
        *,
        ({{ how.prior_days }} * {{ how.prior_excess }} + coalesce(sum(greatest(abs(robust_z) - 1, 0)) over before, 0))
        / ({{ how.prior_days }} + count(case when abs(robust_z) > 1 then 1 end) over before) as mean_excess,
        -- what the day shares, in the same direction, with the farthest of the four days before
        0 * robust_z + greatest(
            least(robust_z, coalesce(max(robust_z) over four_days, 0)), least(-robust_z, coalesce(-min(robust_z) over four_days, 0)), 0
        ) as lasting_z
    from robust_z_scores
    window
        before as (
            partition by problem, subject, measure, version order by day
            range between interval {{ how.tail_days }} days preceding and interval 1 days preceding
        ),
        four_days as (
            partition by problem, subject, measure, version order by day
            range between interval 4 days preceding and interval 1 days preceding
        )
)

select
    problem, monitor, subject, measure, version, day,
    value,
    expected,
    effect,
    least_effect,
    only_up,
    rows,
    weight,
    was_always_zero,
    days_before,
    scale,
    robust_z,
    mean_excess,
    -- how many times the tail has fallen to 1 / e: the same for quiet and for stormy series
    greatest(abs(robust_z) - 1, 0 * robust_z) / mean_excess as rarity,
    greatest(lasting_z - 1, 0 * lasting_z) / mean_excess as lasting_rarity
from mean_excesses
where {{ open_days('day', changed=changed) }}
