-- One row per shop and midnight (UTC), for shops that had a visit in the week before.
{{ config(materialized='append_only') }}

with clock as (select * from {{ ref('stg_asof__clock') }}),

visits as (select * from {{ ref('stg_shop__visits') }}),

ask_every_midnight as (
    {{ cohort_on_schedule('visits', on=['shop'], every='1 day', start="timestamp '2026-01-12'",
        until='(select now from clock)', active_within='7 days') }}
)

select *
from ask_every_midnight
where as_of < (select now from clock) and {{ new_instants() }}
