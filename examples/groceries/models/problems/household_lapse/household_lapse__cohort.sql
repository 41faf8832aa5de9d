-- One row per household and Monday 05:00 UTC, for those with two baskets so far and one in eight weeks.
{{ config(materialized='append_only') }}

with clock as (select * from {{ ref('stg_asof__clock') }}),

baskets as (select * from {{ ref('int_groceries__baskets') }}),

ask_every_monday as (
    {{ cohort_on_schedule('baskets', on=['household_id'], every='7 days', start="timestamp '2017-02-27 05:00'",
        until='(select now from clock)', at_least=2, active_within='56 days') }}
)

select *
from ask_every_monday
where as_of < (select now from clock) and {{ new_instants() }}
