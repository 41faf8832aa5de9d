-- One row per origin and hour of observed weather.
with source as (select * from {{ source('flights', 'weather') }}),

renamed as (
    select
        ---------- ids
        origin,
        observed_at,

        ---------- measurements
        temp,
        dewp,
        humid,
        wind_dir,
        wind_speed,
        wind_gust,
        precip,
        pressure,
        visib,

        ---------- times
        reported_at as known_at,
        _landed_at as landed_at,
        _landing_number as landing_number
    from source
)

select * from renamed
