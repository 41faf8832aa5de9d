-- One row per event of a flight: due, departed, cancelled, arrived or diverted. The stream that live features are counted from.
{{ config(materialized='incremental', incremental_strategy='append') }}

with clock as (select * from {{ ref('stg_asof__clock') }}),

scheduled as (
    select * from {{ ref('int_flights__scheduled') }}
    where
        scheduled_departure_at < (select now from clock)
        {% if is_incremental() %}
        and scheduled_departure_at > {{ built_through('known_at', where="kind = 'due'") }}
        {% endif %}
),

all_departures as (select * from {{ ref('int_flights__departures') }}),

departures as (select * from all_departures where {{ newly_landed() }}),

outcomes as (select * from {{ ref('int_flights__outcomes') }} where {{ newly_landed() }}),

flights as (select * from {{ ref('int_flights__scheduled') }}),

norms as (select * from {{ ref('int_flights__route_norms') }}),

-- A flight waits from its scheduled departure until it leaves or is cancelled; one that left early never waits.
become_due as (
    select
        scheduled.flight_id, 'due' as kind, 1 as due,
        case when left_early.flight_id is null then 1 else 0 end as waiting,
        scheduled.scheduled_departure_at as waiting_since,
        scheduled.scheduled_departure_at as known_at, scheduled.landed_at
    from scheduled
    left join all_departures as left_early
        on left_early.flight_id = scheduled.flight_id
        and {{ known_before('left_early.known_at', 'scheduled.scheduled_departure_at') }}
),

depart as (
    select
        flight_id, 'departed' as kind,
        1 as departed, least(dep_delay, 240) as dep_delay, cast(dep_delay >= 15 as integer) as late,
        case when {{ known_before('known_at', 'scheduled_departure_at') }} then 0 else -1 end as waiting,
        scheduled_departure_at as waiting_since,
        known_at, landed_at
    from departures
),

meet_fate as (
    select
        outcomes.flight_id, outcomes.fate as kind,
        cast(outcomes.fate = 'cancelled' as integer) as cancelled,
        case when outcomes.fate = 'cancelled' then -1 else 0 end as waiting,
        outcomes.scheduled_departure_at as waiting_since,
        least(outcomes.arr_delay, 240) as arr_delay,
        outcomes.lost_on_the_way,
        outcomes.air_time - norms.air_time_28d as air_excess,
        outcomes.disrupted,
        outcomes.known_at, outcomes.landed_at
    from outcomes
    left join norms
        on norms.route = concat_ws('-', outcomes.origin, outcomes.dest)
        and norms.known_at = {{ last_midnight_before('outcomes.known_at') }}
),

unite as (
    select * from become_due
    union all by name
    select * from depart
    union all by name
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
    coalesce(unite.due, 0) as due,
    coalesce(unite.departed, 0) as departed,
    coalesce(unite.late, 0) as late,
    coalesce(unite.cancelled, 0) as cancelled,
    unite.waiting,
    unite.waiting * epoch(unite.waiting_since)::bigint // 60 as waiting_since_minute,
    unite.dep_delay,
    unite.arr_delay,
    unite.lost_on_the_way,
    unite.air_excess,
    unite.disrupted,

    ---------- times
    unite.known_at,
    unite.landed_at
from unite
inner join flights using (flight_id)
