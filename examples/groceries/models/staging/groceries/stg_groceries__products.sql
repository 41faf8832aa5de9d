-- One row per product.
with source as (select * from {{ source('groceries', 'products') }})

select product_id, department, brand, product_category from source
