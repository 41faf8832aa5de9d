-- One row per aircraft.
with source as (select * from {{ source('reference', 'planes') }}),

renamed as (
    select
        ---------- ids
        tailnum,

        ---------- what it is
        year as built_year,
        type as aircraft_type,
        manufacturer,
        model,
        engines,
        seats,
        speed,
        engine
    from source
)

select * from renamed
