-- One row per scheduled flight, with both ends of it in UTC and how crowded its hour is.
{{ config(materialized='append_only') }}

with schedules as (
    select * from {{ ref('stg_flights__schedules') }} where {{ newly_landed(ref('stg_flights__schedules'), key='flight_id') }}
),

airports as (select * from {{ ref('int_reference__airports') }}),

place_the_arrival as (
    select
        schedules.*,
        airports.longitude,
        airports.latitude,
        {{ hhmm_to_utc('schedules.flight_date', 'schedules.sched_arr_time', 'airports.time_zone', after='schedules.scheduled_departure_at') }}
        as scheduled_arrival_at
    from schedules
    left join airports on airports.airport = schedules.dest
)

select
    ---------- ids
    flight_id,
    flight_date,
    carrier,
    flight,
    origin,
    dest,
    {{ region_of_airport('latitude', 'longitude') }} as region,

    ---------- plan
    distance,
    scheduled_departure_local,
    cast(floor(sched_arr_time / 100) * 60 as integer) + sched_arr_time % 100 as arrival_minute_of_day,
    scheduled_arrival_at,

    ---------- crowd: a day's schedule is published as a whole, so its neighbours are known with it
    count(*) over (partition by flight_date, origin) as origin_departures_day,
    count(*) over (
        partition by flight_date, origin order by scheduled_departure_at
        range between interval 60 minutes preceding and current row
    ) as origin_departures_hour,
    count(*) over (
        partition by flight_date order by scheduled_departure_at
        range between interval 60 minutes preceding and interval 30 minutes following
    ) as city_departures_hour,

    ---------- times
    scheduled_departure_at,
    known_at,
    landing_number
from place_the_arrival
