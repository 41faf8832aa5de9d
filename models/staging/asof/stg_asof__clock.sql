-- One row per warehouse: the clock.
with source as (select * from {{ source('asof', 'clock') }}),

renamed as (select now from source)

select * from renamed
