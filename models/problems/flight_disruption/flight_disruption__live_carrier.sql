-- One row per row of the cohort: how its carrier fares in the hours before as_of, everywhere, at this airport and towards its destination.
{{ config(materialized='append_only') }}

with cohort as (
    select * from {{ ref('flight_disruption__cohort') }} where {{ new_instants() }}
),

events as (
    select * from {{ ref('int_flights__events') }} where {{ within_reach('known_at', '48 hours') }}
),

carrier as (
    {{ aggregate_before('cohort', 'events', on=['carrier'], windows={'24h': '24 hours'}, measures={'disrupted': ['share', 'disrupted']}) }}
),

station as (
    {{ aggregate_before('cohort', 'events', on=['carrier', 'origin'], windows={'2h': '2 hours', '4h': '4 hours', '24h': '24 hours'}, measures={
        'departed': ['sum', 'departed', 'bigint'],
        'late': ['sum', 'late', 'bigint'],
        'cancelled': ['sum', 'cancelled', 'bigint'],
        'delay': ['sum', 'dep_delay', 'bigint'],
        'arrival_delay': ['mean', 'arr_delay', 'bigint'],
    }) }}
),

station_today as (
    {{ waiting_flights('cohort', 'events', on=['carrier', 'origin'], also={
        'waiting_since_minute': ['sum', 'waiting_since_minute', 'bigint'],
        'departed': ['sum', 'departed', 'bigint'],
        'late': ['sum', 'late', 'bigint'],
        'cancelled': ['sum', 'cancelled', 'bigint'],
    }) }}
),

towards_dest as (
    {{ aggregate_before('cohort', 'events', on=['carrier', 'dest'], windows={'24h': '24 hours'}, measures={
        'arrival_delay': ['mean', 'arr_delay', 'bigint'],
        'lost_on_the_way': ['mean', 'lost_on_the_way', 'bigint'],
    }) }}
)

select
    cohort.flight_id,
    cohort.as_of,

    carrier.disrupted_24h as carrier_disrupted_24h,

    {{ share_in_trouble('station', '2h', 'station_today') }} as station_trouble_2h,
    {{ share_in_trouble('station', '4h', 'station_today') }} as station_trouble_4h,
    {{ share_in_trouble('station_today', 'today', 'station_today') }} as station_trouble_today,
    -- the minutes that waiting flights have waited so far count like delays
    (
        coalesce(station.delay_2h, 0)
        + coalesce(station_today.waiting_today * {{ minute_of_time('cohort.as_of') }} - station_today.waiting_since_minute_today, 0)
    ) / nullif(station.departed_2h + coalesce(station_today.waiting_today, 0), 0) as station_delay_2h,
    station.arrival_delay_24h as station_arrival_delay_24h,

    towards_dest.arrival_delay_24h as carrier_dest_arrival_delay_24h,
    towards_dest.lost_on_the_way_24h as carrier_dest_lost_on_the_way_24h
from cohort
left join carrier using (carrier, as_of)
left join station using (carrier, origin, as_of)
left join station_today using (carrier, origin, flight_date, as_of)
left join towards_dest using (carrier, dest, as_of)
