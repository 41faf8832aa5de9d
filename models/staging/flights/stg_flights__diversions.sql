-- One row per diverted flight.
with source as (select * from {{ source('flights', 'diversions') }}),

renamed as (
    select
        ---------- ids
        {{ flight_id() }} as flight_id,
        flight_date,
        carrier,
        flight,
        origin,

        ---------- times
        reported_at as known_at,
        _landed_at as landed_at,
        _landing_number as landing_number
    from source
)

select * from renamed
