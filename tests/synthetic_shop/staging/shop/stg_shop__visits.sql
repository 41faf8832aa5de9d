-- One row per visit.
with source as (select * from {{ source('shop', 'visits') }}),

renamed as (
    select
        visit_id,
        shop,
        channel,
        items,
        spent,
        member,
        reported_at as known_at,
        _landed_at as landed_at,
        _landing_number as landing_number
    from source
)

select * from renamed
