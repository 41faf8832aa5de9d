-- One row per scope, key and midnight (UTC): how its flights fared over the 7, 28 and 90 days before it.
{{ config(materialized='incremental', incremental_strategy='append') }}

with daily as (
    select * from {{ ref('int_flights__daily') }}
    {% if is_incremental() %}
    where day >= {{ built_through('known_at') }} - interval 90 days
    {% endif %}
),

list_new_days as (
    select distinct day from daily
    {% if is_incremental() %}
    where day >= {{ built_through('known_at') }}
    {% endif %}
)

select
    daily.scope,
    daily.key,
    cast(list_new_days.day + 1 as timestamp) as known_at,

    {% for days in [7, 28, 90] %}
    cast(coalesce(sum(daily.flights) filter (where daily.day > list_new_days.day - {{ days }}), 0) as bigint) as flights_{{ days }}d,
    cast(coalesce(sum(daily.disrupted) filter (where daily.day > list_new_days.day - {{ days }}), 0) as bigint) as disrupted_{{ days }}d,
    {% endfor %}
    cast(coalesce(sum(daily.flown) filter (where daily.day > list_new_days.day - 28), 0) as bigint) as flown_28d,
    cast(coalesce(sum(daily.lost_on_the_way) filter (where daily.day > list_new_days.day - 28), 0) as bigint) as lost_on_the_way_28d,
    sum(daily.seats) filter (where daily.day > list_new_days.day - 28)
    / nullif(sum(daily.seats_known) filter (where daily.day > list_new_days.day - 28), 0) as seats_28d
from list_new_days
inner join daily on daily.day between list_new_days.day - 89 and list_new_days.day
group by all
