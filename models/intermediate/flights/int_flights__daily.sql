-- One row per scope, key and UTC day: the fates that became known on that day, counted. Days are closed: all of them is known.
{{ config(materialized='append_only') }}

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
    {%- for scope, key in {
        'all': "'all'",
        'origin': "origin",
        'route': "concat_ws('-', origin, dest)",
        'route_part_of_day': "concat_ws('-', origin, dest, cast(floor(departure_hour / 3) as integer))",
        'carrier_origin': "concat_ws('-', carrier, origin)",
        'carrier_route': "concat_ws('-', carrier, origin, dest)",
        'carrier_origin_hour': "concat_ws('-', carrier, origin, departure_hour)",
        'carrier_dest': "concat_ws('-', carrier, dest)",
        'flight_number': "concat_ws('-', carrier, flight, origin)",
    }.items() %}
    select '{{ scope }}' as scope, {{ key }} as key, day, disrupted, lost_on_the_way, air_time, seats from outcomes
    {{ "union all" if not loop.last }}
    {%- endfor %}
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
    cast(coalesce(sum(seats), 0) as bigint) as seats,
    -- the last instant of the day: a midnight may use the day that ends with it
    cast(day as timestamp) + interval 1 day - interval 1 microsecond as known_at
from name_the_scopes
group by scope, key, day
