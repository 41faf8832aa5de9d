-- One row per product and store that was in the mailer or on a display in a week.
with source as (select * from {{ source('groceries', 'promotions') }}),

renamed as (
    select
        ---------- ids
        product_id,
        store_id,

        ---------- how it was promoted
        display_location <> '0' as on_display,
        mailer_location <> '0' as in_mailer,

        ---------- times
        week,
        _known_at as known_at,
        _landed_at as landed_at,
        _landing_number as landing_number
    from source
)

select * from renamed
