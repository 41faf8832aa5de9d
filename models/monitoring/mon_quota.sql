-- One row per declared quota: its use, its trend, and the day on which the limit will be reached.
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

fit as (
    {{ theil_sen('recent', by=['quota']) }}
),

-- How far a period lies from the line when it strays farthest: days differ by chance, and the limit is reached by such a day.
strays as (
    select quota, max(abs(recent.y - fit.median_y - fit.slope * (recent.x - fit.median_x))) as stray
    from recent
    inner join fit using (quota)
    group by quota
),

-- From where it goes on: a level from where it stands, a sum from the middle of its line, because periods differ by chance.
project as (
    select
        quotas.*,
        latest.period_start,
        latest.used,
        latest.used / quotas.limit_value as share,
        fit.points,
        -- Seven points: with fewer the interval of the slope is that of the most extreme pairs.
        case when fit.points >= 7 then fit.slope end as slope,
        case when fit.points >= 7 then fit.slope_low end as slope_low,
        case when fit.points >= 7 then fit.slope_high end as slope_high,
        stray,
        case when latest.is_level then 0 else {{ days_since_1970('latest.period_start') }} - fit.median_x end as days_gone,
        quotas.limit_value - case when latest.is_level then latest.used else fit.median_y end as room
    from quotas
    left join latest using (quota)
    left join fit using (quota)
    left join strays using (quota)
),

-- The earliest day has the steepest slope and a period that strays up, the latest the flattest and one that strays down.
date_the_end as (
    select
        *,
        {%- for reached, slope, left in [
            ('reached_on', 'slope', 'room'), ('reached_earliest', 'slope_high', 'room - stray'),
            ('reached_latest', 'slope_low', 'room + stray'),
        ] %}
        -- a hundred years are never
        case when {{ slope }} > 0 and ({{ left }}) / {{ slope }} < 36500
            then period_start + cast(ceil(greatest(({{ left }}) / {{ slope }} - days_gone, 0)) as integer)
        end as {{ reached }}{{ "," if not loop.last }}
        {%- endfor %}
    from project
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
        when used >= limit_value then 'over'
        when share >= warn_at then 'near'
        -- only a growth that is more than chance
        when slope_low > 0 and reached_on <= today + warn_days then 'soon'
        else 'fine'
    end as status,
    reason
from date_the_end
cross join clock
