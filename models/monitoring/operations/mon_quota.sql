-- One row per declared quota: its use, its trend, and the day on which the limit will be reached.
-- What:   the Theil-Sen line through the last 28 periods, followed to the limit; the earliest and latest day by its 95 % interval and largest residual.
-- Source: Theil 1950, Sen 1968 (macro theil_sen).
-- Read:   reached_on is the day of the limit at this growth; `soon` only where the growth is more than chance.
with quotas as (select * from {{ ref('quotas') }}),

uses as (select * from {{ ref('mon_quota_use') }}),

clock as (select cast(now as date) as today from {{ ref('stg_asof__clock') }}),

latest as (
    select quota, max(period_start) as period_start, max_by(used, period_start) as used, bool_or(is_level) as is_level
    from uses
    group by quota
),

-- The latest 28 periods: four weeks of days hold every weekday four times. A sum that is not complete yet has no place in a trend.
recent as (
    select quota, {{ days_since_1970('period_start') }} as x, used as y
    from uses
    cross join clock
    where is_level or period_end <= today
    qualify row_number() over (partition by quota order by period_start desc) <= 28
),

trend as (
    {{ theil_sen('recent', by=['quota']) }}
),

-- The largest residual of a period from the line: days differ by chance, and the limit is reached by such a day.
largest_residuals as (
    select quota, max(abs(recent.y - trend.median_y - trend.slope * (recent.x - trend.median_x))) as largest_residual
    from recent
    inner join trend using (quota)
    group by quota
),

-- From where it goes on: a level from where it stands, a sum from the middle of its line, because periods differ by chance.
use_and_trend as (
    select
        quotas.*,
        latest.period_start,
        latest.used,
        latest.used / quotas.limit_value as share,
        trend.points,
        -- Seven points: with fewer the interval of the slope is that of the most extreme pairs.
        case when trend.points >= 7 then trend.slope end as slope,
        case when trend.points >= 7 then trend.slope_low end as slope_low,
        case when trend.points >= 7 then trend.slope_high end as slope_high,
        largest_residual,
        case when latest.is_level then 0 else {{ days_since_1970('latest.period_start') }} - trend.median_x end as days_gone,
        quotas.limit_value - case when latest.is_level then latest.used else trend.median_y end as room
    from quotas
    left join latest using (quota)
    left join trend using (quota)
    left join largest_residuals using (quota)
),

-- The earliest day has the steepest slope and a period above the line, the latest the flattest and one below it.
days_of_the_limit as (
    select
        *,
        {%- for reached, slope, left in [
            ('reached_on', 'slope', 'room'), ('reached_earliest', 'slope_high', 'room - largest_residual'),
            ('reached_latest', 'slope_low', 'room + largest_residual'),
        ] %}
        -- a hundred years are never
        case when {{ slope }} > 0 and ({{ left }}) / {{ slope }} < 36500
            then period_start + cast(ceil(greatest(({{ left }}) / {{ slope }} - days_gone, 0)) as integer)
        end as {{ reached }}{{ "," if not loop.last }}
        {%- endfor %}
    from use_and_trend
)

select
    quota,
    unit,
    period,
    period_start,
    used,
    limit_value,
    share,
    warn_at,
    warn_days,
    points,
    slope as daily_growth,
    reached_on,
    reached_earliest,
    reached_latest,
    case
        when used is null then 'not measured yet'
        when used >= limit_value then 'reached'
        when slope is null then 'too few days'
        when reached_on is null then 'never at this rate'
        else 'at this rate'
    end as outlook,
    case
        -- what may be used may be used: only what is beyond is said
        when used > limit_value then 'over'
        when used > warn_at * limit_value then 'near'
        -- only a growth that is more than chance
        when slope_low > 0 and reached_on < today + warn_days then 'soon'
        else 'fine'
    end as status,
    reason
from days_of_the_limit
cross join clock
