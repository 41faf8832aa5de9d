-- One row per airport and instant at which a report of its weather came: the last observation, with its trend, as known from then on.
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['origin', 'known_at']) }}

with
{%- if is_incremental() %}
landed as (
    select * from {{ ref('stg_flights__weather') }} where {{ newly_landed() }}
),
{% endif %}
-- A row looks back three hours from an observation that is at most six hours old: all of it was known within nine hours.
reports as (
    select * from {{ ref('stg_flights__weather') }}
    {% if is_incremental() %}
    where known_at >= (select min(known_at) from landed) - interval 9 hours
    {% endif %}
),

-- The instants that are new, and those that look back to a report which has landed late: they are computed anew.
news as (
    select distinct reports.origin, reports.known_at as news_at
    from reports
    {% if is_incremental() %}
    inner join landed
        on landed.origin = reports.origin
        and reports.observed_at <= landed.observed_at + interval 3 hours
        and not {{ known_before('reports.known_at', 'landed.known_at') }}
    {% endif %}
),

-- By day, so that an instant meets a day of reports, however many there are; one of the evening still counts after midnight.
reports_by_day as (
    select *, cast(known_at as date) as day from reports
    union
    select *, cast(known_at + interval 9 hours as date) from reports
),

see_what_is_known as (
    select news.news_at, reports.*
    from news
    inner join reports_by_day as reports
        on reports.origin = news.origin
        and reports.day = cast(news.news_at as date)
        and not {{ known_before('news.news_at', 'reports.known_at') }}
    -- of an hour that was reported again, what was said last
    qualify row_number() over (
        partition by news.origin, news.news_at, reports.observed_at order by reports.known_at desc, reports.landing_number desc
    ) = 1
),

compare_with_the_hours_before as (
    select
        *,
        max(observed_at) over (partition by origin, news_at) as last_observed_at,
        pressure - max(pressure) over (
            partition by origin, news_at order by observed_at
            range between interval 3 hours preceding and interval 3 hours preceding
        ) as pressure_change_3h,
        min(visib) over last_hours as visibility_min_3h,
        sum(cast(precip as decimal(9, 2))) over last_hours as rain_3h,
        max(landing_number) over last_hours as last_landing_number
    from see_what_is_known
    window last_hours as (
        partition by origin, news_at order by observed_at range between interval 3 hours preceding and current row
    )
)

select
    origin,
    temp as temperature,
    dewp as dew_point,
    wind_speed,
    wind_speed * sin(radians(wind_dir)) as wind_east,
    wind_speed * cos(radians(wind_dir)) as wind_north,
    coalesce(wind_gust, wind_speed) as gust,
    pressure,
    pressure_change_3h,
    visib as visibility,
    visibility_min_3h,
    precip as precipitation,
    cast(rain_3h as double) as rain_3h,
    observed_at,
    news_at as known_at,
    last_landing_number as landing_number
from compare_with_the_hours_before
where
    observed_at = last_observed_at
    -- a report of yesterday says nothing of now
    and observed_at >= news_at - interval 6 hours
