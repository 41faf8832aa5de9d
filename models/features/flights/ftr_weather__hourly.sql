-- One row per airport and weather observation, with its trend over the last hours.
{{ config(materialized='incremental', incremental_strategy='append') }}

with weather as (
    select * from {{ ref('stg_flights__weather') }}
    {% if is_incremental() %}
    where observed_at > {{ built_through('observed_at') }} - interval 4 hours
    {% endif %}
),

compare_with_the_hours_before as (
    select
        *,
        pressure - max(pressure) over (
            partition by origin order by observed_at
            range between interval 3 hours preceding and interval 3 hours preceding
        ) as pressure_change_3h,
        min(visib) over last_hours as visibility_min_3h,
        sum(cast(precip as decimal(9, 2))) over last_hours as rain_3h
    from weather
    window last_hours as (
        partition by origin order by observed_at range between interval 3 hours preceding and current row
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
    known_at
from compare_with_the_hours_before
{% if is_incremental() %}
where observed_at > {{ built_through('observed_at') }}
{% endif %}
