-- One row per departed flight, with its plan and what its aircraft is.
{{ config(materialized='append_only') }}

with departures as (
    select * from {{ ref('stg_flights__departures') }}
    where {{ newly_landed(ref('stg_flights__departures'), key='flight_id') }}
),

scheduled as (select * from {{ ref('int_flights__scheduled') }}),

planes as (select * from {{ ref('stg_reference__planes') }})

-- The date is part of the id: with it the database reads the days that it needs, and not the table.
-- Only a departed flight shows its tail number, so planes may be joined here and nowhere earlier.
select
    departures.flight_id,
    scheduled.carrier,
    scheduled.flight,
    scheduled.origin,
    scheduled.dest,
    scheduled.region,
    scheduled.flight_date,
    departures.tailnum,
    planes.seats,
    planes.built_year,
    departures.dep_delay,
    scheduled.scheduled_departure_at,
    departures.known_at,
    departures.landing_number
from departures
inner join scheduled using (flight_id, flight_date)
left join planes using (tailnum)
