-- One row per airport and as_of of the cohort: its weather as last observed, and the worst of the city's, whose airports share one airspace.
{{ config(materialized='append_only') }}

with cohort as (
    select * from {{ ref('flight_disruption__cohort') }} where {{ new_instants() }}
),

hourly as (
    select * from {{ ref('ftr_weather__hourly') }} where {{ within_reach('known_at', '1 day') }}
),

airports as (
    select instants.as_of, places.origin
    from (select distinct as_of from cohort) as instants
    cross join (select distinct origin from hourly) as places
),

-- an observation that is older than six hours says nothing of the weather now
observe as (
    {{ last_before('airports', 'hourly', on=['origin'], unique_facts=true, within='6 hours', take=[
        'temperature', 'dew_point', 'wind_speed', 'wind_east', 'wind_north', 'gust', 'pressure', 'pressure_change_3h',
        'visibility', 'visibility_min_3h', 'precipitation', 'rain_3h', 'observed_at']) }}
),

-- an airport whose report is late is left out of the city until it comes: the others know more of the hour
compare_the_airports as (
    select *, max(observed_at) over (partition by as_of) as last_observed_at from observe
),

unite_the_city as (
    select
        as_of,
        min(visibility) as city_visibility,
        max(precipitation) as city_precipitation,
        min(temperature - dew_point) as city_dew_spread,
        max(gust) as city_gust
    from compare_the_airports
    where observed_at = last_observed_at
    group by as_of
)

select
    asked.origin,
    asked.as_of,

    observe.temperature,
    observe.dew_point,
    observe.wind_speed,
    observe.wind_east,
    observe.wind_north,
    observe.gust,
    observe.pressure,
    observe.pressure_change_3h,
    observe.visibility_min_3h,
    observe.rain_3h,

    unite_the_city.city_visibility,
    unite_the_city.city_precipitation,
    unite_the_city.city_dew_spread,
    unite_the_city.city_gust
from (select distinct origin, as_of from cohort) as asked
left join observe using (origin, as_of)
left join unite_the_city using (as_of)
