-- One row per product of a basket.
with source as (select * from {{ source('groceries', 'transactions') }}),

renamed as (
    select
        ---------- ids
        household_id,
        store_id,
        basket_id,
        product_id,

        ---------- what was bought
        quantity,
        sales_value,
        retail_disc,
        coupon_disc,

        ---------- times
        week,
        transaction_timestamp as known_at,
        _landed_at as landed_at,
        _landing_number as landing_number
    from source
)

select * from renamed
