-- One row per basket: what was paid, how much of it was promoted, and how long the household had not been there.
{{ config(materialized='append_only') }}

-- All lines of a basket are known at one instant, so they land together.
with lines as (
    select * from {{ ref('stg_groceries__transactions') }}
    where {{ newly_landed() }}
),

products as (select * from {{ ref('stg_groceries__products') }}),

promotions as (
    select product_id, store_id, week, bool_or(in_mailer) as in_mailer, bool_or(on_display) as on_display
    from {{ ref('stg_groceries__promotions') }}
    where week in (select distinct week from lines)
    group by all
),

describe_lines as (
    select
        lines.*,
        products.department = 'FUEL' as is_fuel,
        coalesce(promotions.in_mailer, false) as in_mailer,
        coalesce(promotions.on_display, false) as on_display
    from lines
    left join products using (product_id)
    left join promotions using (product_id, store_id, week)
),

add_up as (
    select
        household_id,
        basket_id,
        any_value(store_id) as store_id,
        count(*) as lines,
        sum(cast(sales_value as decimal(18, 2))) as spent,
        sum(cast(retail_disc as decimal(18, 2))) as card_discount,
        sum(cast(coupon_disc as decimal(18, 2))) as coupon_discount,
        count(*) filter (where is_fuel) as fuel_lines,
        count(*) filter (where in_mailer) as mailed_lines,
        count(*) filter (where on_display) as displayed_lines,
        known_at,
        max(landing_number) as landing_number
    from describe_lines
    group by household_id, basket_id, known_at
),

every_visit as (
    select household_id, store_id, known_at from add_up
    {% if is_incremental() %}
    union all
    select household_id, store_id, known_at from {{ this }}
    {% endif %}
),

last_visit as (
    {{ last_before('add_up', 'every_visit', on=['household_id'], as_of='known_at', take=['store_id'], last_known_at='previous_at') }}
)

select
    ---------- ids
    add_up.household_id,
    add_up.basket_id,
    add_up.store_id,

    ---------- what was bought
    add_up.lines,
    cast(add_up.spent as double) as spent,
    cast(add_up.card_discount as double) as card_discount,
    cast(add_up.coupon_discount as double) as coupon_discount,
    add_up.fuel_lines,
    add_up.mailed_lines,
    add_up.displayed_lines,

    ---------- times
    {{ seconds_between('last_visit.previous_at', 'add_up.known_at') }} / 86400.0 as days_since_previous,
    add_up.known_at,
    add_up.landing_number
from add_up
left join last_visit using (household_id, known_at)
