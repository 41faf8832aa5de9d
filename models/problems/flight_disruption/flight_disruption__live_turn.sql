-- One row per row of the cohort: how recent flights ended whose aircraft, crew or gate it may need.
{{ config(materialized='append_only') }}

with cohort as (
    select * from {{ ref('flight_disruption__cohort') }} where {{ new_instants() }}
),

events as (
    select * from {{ ref('int_flights__events') }} where {{ within_reach('known_at', '48 hours') }}
),

-- Older days are no flight's of these events: the database need not read them.
scheduled as (
    select * from {{ ref('int_flights__scheduled') }} where flight_date >= (select min(flight_date) from events)
),

-- An aircraft that left comes back after as long a way again and an hour at the other end. Its news count from two hours
-- before that on, which is as_of of the flights that it could fly next.
come_back as (
    select
        events.carrier,
        events.origin,
        events.dep_delay,
        events.arr_delay,
        greatest(
            events.known_at,
            scheduled.scheduled_arrival_at + (scheduled.scheduled_arrival_at - scheduled.scheduled_departure_at) - interval 1 hour
        ) as known_at
    from events
    inner join scheduled using (flight_id)
    where events.kind <> 'due'
),

turn as (
    {{ aggregate_before('cohort', 'come_back', on=['carrier', 'origin'], windows={'1h': '1 hour', '3h': '3 hours'}, measures={
        'departure_delay': ['mean', 'dep_delay', 'bigint'],
        'arrival_delay': ['mean', 'arr_delay', 'bigint'],
    }) }}
),

station as (
    {{ aggregate_before('cohort', 'events', on=['carrier', 'origin'], windows={'6h': '6 hours'}, measures={
        'arrival_delay': ['mean', 'arr_delay', 'bigint'],
        'disrupted': ['share', 'disrupted'],
    }) }}
),

carrier as (
    {{ aggregate_before('cohort', 'events', on=['carrier'], windows={'2h': '2 hours', '6h': '6 hours'}, measures={
        'departed': ['sum', 'departed', 'bigint'],
        'late': ['sum', 'late', 'bigint'],
        'cancelled': ['sum', 'cancelled', 'bigint'],
        'disrupted': ['share', 'disrupted'],
    }) }}
),

carrier_today as ({{ waiting_flights('cohort', 'events', on=['carrier']) }}),

origin as (
    {{ aggregate_before('cohort', 'events', on=['origin'], windows={'3h': '3 hours'}, measures={'disrupted': ['share', 'disrupted']}) }}
),

city as (
    {{ aggregate_before('cohort', 'events', on=[], windows={'3h': '3 hours'}, measures={'disrupted': ['share', 'disrupted']}) }}
)

select
    cohort.flight_id,
    cohort.as_of,

    turn.departure_delay_1h as turn_departure_delay_1h,
    turn.departure_delay_3h as turn_departure_delay_3h,
    turn.arrival_delay_1h as turn_arrival_delay_1h,
    turn.arrival_delay_3h as turn_arrival_delay_3h,

    city.disrupted_3h as fate_city_disrupted_3h,
    origin.disrupted_3h as fate_origin_disrupted_3h,
    carrier.disrupted_6h as fate_carrier_disrupted_6h,
    station.disrupted_6h as fate_station_disrupted_6h,
    station.arrival_delay_6h as fate_station_arrival_delay_6h,

    {{ share_in_trouble('carrier', '2h', 'carrier_today') }} as carrier_trouble_2h
from cohort
left join turn using (carrier, origin, as_of)
left join station using (carrier, origin, as_of)
left join carrier using (carrier, as_of)
left join carrier_today using (carrier, flight_date, as_of)
left join origin using (origin, as_of)
left join city using (as_of)
