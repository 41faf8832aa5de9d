-- One row per flight whose fate is known: arrived, cancelled or diverted.
{{ config(materialized='append_only') }}

with arrivals as (
    select * from {{ ref('stg_flights__arrivals') }}
    where {{ newly_landed(ref('stg_flights__arrivals'), key='flight_id', where="fate = 'arrived'") }}
),

cancellations as (
    select * from {{ ref('stg_flights__cancellations') }}
    where {{ newly_landed(ref('stg_flights__cancellations'), key='flight_id', where="fate = 'cancelled'") }}
),

diversions as (
    select * from {{ ref('stg_flights__diversions') }}
    where {{ newly_landed(ref('stg_flights__diversions'), key='flight_id', where="fate = 'diverted'") }}
),

departures as (select * from {{ ref('int_flights__departures') }}),

scheduled as (select * from {{ ref('int_flights__scheduled') }}),

unite_fates as (
    select flight_id, flight_date, 'arrived' as fate, arr_delay, air_time, known_at, landing_number from arrivals
    union all
    select flight_id, flight_date, 'cancelled', null, null, known_at, landing_number from cancellations
    union all
    select flight_id, flight_date, 'diverted', null, null, known_at, landing_number from diversions
)

select
    ---------- ids
    scheduled.flight_id,
    scheduled.carrier,
    scheduled.flight,
    scheduled.origin,
    scheduled.dest,
    scheduled.region,
    extract(hour from scheduled.scheduled_departure_local) as departure_hour,

    ---------- what happened
    unite_fates.fate,
    unite_fates.arr_delay,
    unite_fates.air_time,
    -- negative: the flight made up for some of its delay on the way
    unite_fates.arr_delay - departures.dep_delay as lost_on_the_way,
    departures.seats,
    unite_fates.fate <> 'arrived' or unite_fates.arr_delay >= 15 as disrupted,

    ---------- times
    scheduled.scheduled_departure_at,
    unite_fates.known_at,
    unite_fates.landing_number
from unite_fates
-- the date is part of the id: with it the database reads the days that it needs, and not the tables
inner join scheduled using (flight_id, flight_date)
left join departures using (flight_id, flight_date)
