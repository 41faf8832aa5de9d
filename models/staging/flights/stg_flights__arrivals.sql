-- One row per arrived flight.
with source as (select * from {{ source('flights', 'arrivals') }}),

renamed as (
    select
        ---------- ids
        {{ flight_id() }} as flight_id,
        flight_date,
        carrier,
        flight,
        origin,

        ---------- what happened
        arr_time,
        arr_delay,
        air_time,

        ---------- times
        reported_at as known_at,
        _landed_at as landed_at,
        _landing_number as landing_number
    from source
)

select * from renamed
