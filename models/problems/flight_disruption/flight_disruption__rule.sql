-- One row per row of the cohort: the answer without machine learning, a rate that an analyst could write down.
{{ config(materialized='incremental', incremental_strategy='append') }}

-- The mean departure delay at the airport over the last three hours, in bands; the score of a band is the share of its
-- flights that were disrupted among those of the last 90 days whose outcome was known at the midnight before as_of.
with live as (
    select * from {{ ref('flight_disruption__live_origin') }}
    {% if is_incremental() %}
    where as_of > {{ built_through('as_of') }} - interval 100 days
    {% endif %}
),

outcomes as (
    select * from {{ ref('int_flights__outcomes') }} where {{ within_reach('known_at', '100 days') }}
),

name_the_band as (
    select
        live.flight_id,
        live.as_of,
        case
            when live.origin_delay_3h is null then 'no departures'
            when live.origin_delay_3h < 0 then '< 0'
            when live.origin_delay_3h < 5 then '0-5'
            when live.origin_delay_3h < 10 then '5-10'
            when live.origin_delay_3h < 15 then '10-15'
            when live.origin_delay_3h < 20 then '15-20'
            when live.origin_delay_3h < 30 then '20-30'
            when live.origin_delay_3h < 45 then '30-45'
            else '> 45'
        end as band
    from live
),

count_by_day as (
    select band, cast(outcomes.known_at as date) as day, count(*) as flights, count_if(outcomes.disrupted) as disrupted
    from name_the_band
    inner join outcomes using (flight_id)
    group by all
),

due as (
    select *, {{ last_midnight_before('as_of') }} as midnight from name_the_band where {{ new_instants() }}
),

rate_the_bands as (
    select due.band, due.midnight, sum(known.disrupted) as disrupted, sum(known.flights) as flights
    from (select distinct band, midnight from due) as due
    inner join count_by_day as known
        on known.band = due.band
        and known.day < due.midnight and known.day >= due.midnight - interval 90 days
    group by all
)

select
    due.flight_id,
    due.as_of,
    due.band,
    -- one disrupted flight in four is the year's average: it stands for twenty flights until a band has its own
    (coalesce(rate_the_bands.disrupted, 0) + 5.0) / (coalesce(rate_the_bands.flights, 0) + 20.0) as rule_score
from due
left join rate_the_bands using (band, midnight)
