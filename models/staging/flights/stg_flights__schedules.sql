-- One row per scheduled flight.
with source as (select * from {{ source('flights', 'schedules') }}),

renamed as (
    select
        ---------- ids
        {{ flight_id() }} as flight_id,
        flight_date,
        carrier,
        flight,
        origin,
        dest,

        ---------- plan
        sched_dep_time,
        sched_arr_time,
        distance,

        ---------- times
        {{ hhmm_to_local('flight_date', 'sched_dep_time') }} as scheduled_departure_local,
        -- all three origins keep New York's time
        {{ hhmm_to_utc('flight_date', 'sched_dep_time', "'America/New_York'") }} as scheduled_departure_at,
        reported_at as known_at,
        _landed_at as landed_at,
        _landing_number as landing_number
    from source
)

select * from renamed
