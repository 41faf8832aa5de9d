-- One row per airline.
with source as (select * from {{ source('reference', 'airlines') }}),

renamed as (
    select
        carrier,
        name as airline
    from source
)

select * from renamed
