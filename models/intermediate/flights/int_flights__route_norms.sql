-- One row per route and midnight (UTC): the mean air time of the 28 days before it.
{{ config(materialized='incremental', incremental_strategy='append') }}

with daily as (select * from {{ ref('int_flights__daily') }} where scope = 'route'),

list_new_days as (
    select distinct day from daily
    {% if is_incremental() %}
    where day >= {{ built_through('known_at') }}
    {% endif %}
)

select
    daily.key as route,
    cast(list_new_days.day + 1 as timestamp) as known_at,
    sum(daily.air_time) / nullif(sum(daily.flown), 0) as air_time_28d
from list_new_days
inner join daily on daily.day between list_new_days.day - 27 and list_new_days.day
group by all
