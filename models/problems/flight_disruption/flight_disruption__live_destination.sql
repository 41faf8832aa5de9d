-- One row per row of the cohort: what flights to its destination, its region, and its own number met before as_of.
{{ config(materialized='append_only') }}

with cohort as (
    select * from {{ ref('flight_disruption__cohort') }} where {{ new_instants() }}
),

events as (
    select * from {{ ref('int_flights__events') }} where {{ within_reach('known_at', '48 hours') }}
),

recent_outcomes as (
    select * from {{ ref('int_flights__outcomes') }}
    where {{ within_reach('known_at', '28 days') }}
),

dest as (
    {{ aggregate_before('cohort', 'events', on=['dest'], windows={'2h': '2 hours', '8h': '8 hours', '24h': '24 hours'}, measures={
        'departed': ['sum', 'departed', 'bigint'],
        'late': ['sum', 'late', 'bigint'],
        'cancelled': ['sum', 'cancelled', 'bigint'],
        'lost_on_the_way': ['mean', 'lost_on_the_way', 'bigint'],
        'air_excess': ['mean', 'air_excess'],
    }) }}
),

dest_today as ({{ waiting_flights('cohort', 'events', on=['dest']) }}),

region as (
    {{ aggregate_before('cohort', 'events', on=['region'], windows={'2h': '2 hours', '4h': '4 hours'}, measures={
        'departed': ['sum', 'departed', 'bigint'],
        'late': ['sum', 'late', 'bigint'],
        'cancelled': ['sum', 'cancelled', 'bigint'],
        'lost_on_the_way': ['mean', 'lost_on_the_way', 'bigint'],
        'air_excess': ['mean', 'air_excess'],
    }) }}
),

region_today as ({{ waiting_flights('cohort', 'events', on=['region']) }}),

-- 200 minutes stand for a flight that never arrived; what was last seen more than four weeks ago is another flight
same_number as (
    {{ last_before('cohort', 'recent_outcomes', on=['carrier', 'flight', 'origin'],
        take={'arrival_delay': 'least(coalesce(arr_delay, 200), 300)'}, within='28 days') }}
)

select
    cohort.flight_id,
    cohort.as_of,

    {{ share_in_trouble('dest', '2h', 'dest_today') }} as dest_trouble_2h,
    dest.air_excess_8h as dest_air_excess_8h,
    dest.lost_on_the_way_24h as dest_lost_on_the_way_24h,

    {{ share_in_trouble('region', '2h', 'region_today') }} as region_trouble_2h,
    region.air_excess_2h as region_air_excess_2h,
    region.lost_on_the_way_2h as region_lost_on_the_way_2h,
    region.lost_on_the_way_4h as region_lost_on_the_way_4h,

    same_number.arrival_delay as number_last_arrival_delay
from cohort
left join dest using (dest, as_of)
left join dest_today using (dest, flight_date, as_of)
left join region using (region, as_of)
left join region_today using (region, flight_date, as_of)
left join same_number using (carrier, flight, origin, as_of)
