-- One row per airport of the package.
with source as (select * from {{ source('reference', 'airports') }}),

renamed as (
    select
        ---------- ids
        faa as airport,
        name,

        ---------- place
        lat as latitude,
        lon as longitude,
        alt as altitude,
        tzone as time_zone
    from source
)

select * from renamed
