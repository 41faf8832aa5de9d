-- One row per row of the cohort: what goes on at its airport, and in the city, in the hours before as_of.
{{ config(materialized='append_only') }}

with cohort as (
    select * from {{ ref('flight_disruption__cohort') }} where {{ new_instants() }}
),

events as (
    select * from {{ ref('int_flights__events') }} where {{ within_reach('known_at', '48 hours') }}
),

city as (
    {{ aggregate_before('cohort', 'events', on=[], windows={'1h': '1 hour', '6h': '6 hours'}, measures={
        'due': ['sum', 'due', 'bigint'],
        'departed': ['sum', 'departed', 'bigint'],
        'late': ['sum', 'late', 'bigint'],
        'cancelled': ['sum', 'cancelled', 'bigint'],
        'lost_on_the_way': ['mean', 'lost_on_the_way', 'bigint'],
        'air_excess': ['mean', 'air_excess'],
    }) }}
),

city_today as ({{ waiting_flights('cohort', 'events', on=[]) }}),

origin as (
    {{ aggregate_before('cohort', 'events', on=['origin'], windows={'1h': '1 hour', '2h': '2 hours', '3h': '3 hours', '24h': '24 hours'}, measures={
        'due': ['sum', 'due', 'bigint'],
        'departed': ['sum', 'departed', 'bigint'],
        'late': ['sum', 'late', 'bigint'],
        'cancelled': ['sum', 'cancelled', 'bigint'],
        'delay': ['mean', 'dep_delay', 'bigint'],
    }) }}
),

origin_today as (
    {{ waiting_flights('cohort', 'events', on=['origin'], also={'waiting_since_minute': ['sum', 'waiting_since_minute', 'bigint']}) }}
)

select
    cohort.flight_id,
    cohort.as_of,

    coalesce(city_today.waiting_today, 0) as city_waiting,
    {{ share_in_trouble('city', '1h', 'city_today') }} as city_trouble_1h,
    city.cancelled_6h as city_cancelled_6h,
    city.cancelled_1h / nullif(city.due_1h, 0) as city_cancelled_share_1h,
    city.lost_on_the_way_6h as city_lost_on_the_way_6h,
    city.air_excess_6h as city_air_excess_6h,

    coalesce(origin_today.waiting_today, 0) as origin_waiting,
    origin_today.waiting_today * {{ minute_of_time('cohort.as_of') }} - origin_today.waiting_since_minute_today as origin_waiting_minutes,
    {{ share_in_trouble('origin', '1h', 'origin_today') }} as origin_trouble_1h,
    {{ share_in_trouble('origin', '2h', 'origin_today') }} as origin_trouble_2h,
    origin.cancelled_2h / nullif(origin.due_2h, 0) as origin_cancelled_share_2h,
    origin.delay_3h as origin_delay_3h,
    origin.delay_24h as origin_delay_24h
from cohort
left join city using (as_of)
left join city_today using (flight_date, as_of)
left join origin using (origin, as_of)
left join origin_today using (origin, flight_date, as_of)
