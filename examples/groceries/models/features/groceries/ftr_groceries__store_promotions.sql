-- One row per store and week: how much it promotes, known when the week begins.
{{ config(materialized='append_only') }}

with promotions as (
    select * from {{ ref('stg_groceries__promotions') }}
    where {{ newly_landed() }}
)

select
    store_id,
    known_at,
    count(*) filter (where in_mailer) as mailed,
    count(*) filter (where on_display) as displayed,
    max(landing_number) as landing_number
from promotions
group by store_id, known_at
