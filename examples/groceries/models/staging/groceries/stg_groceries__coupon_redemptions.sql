-- One row per redeemed coupon.
with source as (select * from {{ source('groceries', 'coupon_redemptions') }}),

renamed as (
    select
        household_id,
        coupon_upc,
        campaign_id,
        _known_at as known_at,
        _landed_at as landed_at,
        _landing_number as landing_number
    from source
)

select * from renamed
