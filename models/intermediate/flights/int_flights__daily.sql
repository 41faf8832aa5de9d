-- One row per scope, key and UTC day: the fates that became known on that day, counted. Days are closed: all of them is known.
{{ config(materialized='incremental', incremental_strategy='append') }}

with clock as (select * from {{ ref('stg_asof__clock') }}),

outcomes as (
    select *, cast(date_trunc('day', known_at) as date) as day
    from {{ ref('int_flights__outcomes') }}
    where
        {{ known_before('known_at', "(select date_trunc('day', now) from clock)") }}
        {% if is_incremental() %}
        and known_at >= {{ built_through('day') }} + interval 1 day
        {% endif %}
),

name_the_scopes as (
    select *, unnest([
        {'scope': 'all', 'key': 'all'},
        {'scope': 'origin', 'key': origin},
        {'scope': 'route', 'key': concat_ws('-', origin, dest)},
        {'scope': 'route_part_of_day', 'key': concat_ws('-', origin, dest, departure_hour // 3)},
        {'scope': 'carrier_origin', 'key': concat_ws('-', carrier, origin)},
        {'scope': 'carrier_route', 'key': concat_ws('-', carrier, origin, dest)},
        {'scope': 'carrier_origin_hour', 'key': concat_ws('-', carrier, origin, departure_hour)},
        {'scope': 'carrier_dest', 'key': concat_ws('-', carrier, dest)},
        {'scope': 'flight_number', 'key': concat_ws('-', carrier, flight, origin)}
    ], recursive := true)
    from outcomes
)

select
    scope,
    key,
    day,
    count(*) as flights,
    count_if(disrupted) as disrupted,
    count(lost_on_the_way) as flown,
    cast(coalesce(sum(lost_on_the_way), 0) as bigint) as lost_on_the_way,
    cast(coalesce(sum(air_time), 0) as bigint) as air_time,
    count(seats) as seats_known,
    cast(coalesce(sum(seats), 0) as bigint) as seats
from name_the_scopes
group by scope, key, day
