-- One row per event of a flight: due, departed, cancelled, arrived or diverted. The stream that live features are counted from.
{{ config(materialized='append_only') }}

with clock as (select * from {{ ref('stg_asof__clock') }}),

scheduled as (
    select * from {{ ref('int_flights__scheduled') }}
    where
        scheduled_departure_at < (select now from clock)
        {% if is_incremental() %}
        -- those whose time has come, and those whose plan has landed late
        and (scheduled_departure_at > {{ built_through('known_at', where="kind = 'due'") }} or {{ newly_landed() }})
        {% endif %}
),

all_departures as (select * from {{ ref('int_flights__departures') }}),

departures as (
    select * from {{ ref('int_flights__departures') }}
    where {{ newly_landed(ref('int_flights__departures'), key='flight_id', where="kind = 'departed'") }}
),

outcomes as (
    select * from {{ ref('int_flights__outcomes') }}
    where {{ newly_landed(ref('int_flights__outcomes'), key='flight_id', where="kind not in ('due', 'departed')") }}
),

flights as (select * from {{ ref('int_flights__scheduled') }}),

norms as (select * from {{ ref('int_flights__route_norms') }}),

-- A flight waits from its scheduled departure until it leaves or is cancelled; one that left early never waits.
become_due as (
    select
        scheduled.flight_id, 'due' as kind,
        case when left_early.flight_id is null then 1 else 0 end as waiting,
        scheduled.scheduled_departure_at,
        null as dep_delay, null as arr_delay, null as lost_on_the_way, null as air_excess, null as disrupted,
        scheduled.scheduled_departure_at as known_at, scheduled.landing_number
    from scheduled
    left join all_departures as left_early
        on left_early.flight_id = scheduled.flight_id
        -- an id has one: with it the database reads the days that it needs, and not the table
        and left_early.scheduled_departure_at = scheduled.scheduled_departure_at
        and {{ known_before('left_early.known_at', 'scheduled.scheduled_departure_at') }}
),

depart as (
    select
        flight_id, 'departed' as kind,
        case when {{ known_before('known_at', 'scheduled_departure_at') }} then 0 else -1 end as waiting,
        scheduled_departure_at,
        dep_delay, null as arr_delay, null as lost_on_the_way, null as air_excess, null as disrupted,
        known_at, landing_number
    from departures
),

meet_fate as (
    select
        outcomes.flight_id, outcomes.fate as kind,
        case when outcomes.fate = 'cancelled' then -1 else 0 end as waiting,
        outcomes.scheduled_departure_at,
        null as dep_delay, outcomes.arr_delay, outcomes.lost_on_the_way,
        outcomes.air_time - norms.air_time_28d as air_excess,
        outcomes.disrupted,
        outcomes.known_at, outcomes.landing_number
    from outcomes
    left join norms
        on norms.route = concat_ws('-', outcomes.origin, outcomes.dest)
        and norms.known_at = {{ last_midnight_before('outcomes.known_at') }}
),

unite as (
    select * from become_due
    union all
    select * from depart
    union all
    select * from meet_fate
)

select
    ---------- ids
    flight_id,
    flights.flight_date,
    flights.carrier,
    flights.origin,
    flights.dest,
    flights.region,

    ---------- what happened; counts are 0 where the event is of another kind, measures null
    unite.kind,
    cast(unite.kind = 'due' as integer) as due,
    cast(unite.kind = 'departed' as integer) as departed,
    cast(unite.kind = 'departed' and unite.dep_delay >= 15 as integer) as late,
    cast(unite.kind = 'cancelled' as integer) as cancelled,
    unite.waiting,
    unite.waiting * {{ minute_of_time('unite.scheduled_departure_at') }} as waiting_since_minute,
    -- four hours say that a day is lost; one flight of 21 hours should not move a mean. (least would turn a null into 240.)
    case when unite.dep_delay > 240 then 240 else unite.dep_delay end as dep_delay,
    case when unite.arr_delay > 240 or unite.kind in ('cancelled', 'diverted') then 240 else unite.arr_delay end as arr_delay,
    unite.lost_on_the_way,
    unite.air_excess,
    unite.disrupted,

    ---------- times
    unite.known_at,
    unite.landing_number
from unite
inner join flights using (flight_id, scheduled_departure_at)
