-- One row per row of the cohort: the median arrival delay of the flights in the same band of delay at the airport, of 28 days.
{{ config(materialized='append_only') }}

with bands as (
    select flight_id, as_of, band, {{ last_midnight_before('as_of') }} as midnight
    from {{ ref('flight_disruption__rule') }}
    {% if is_incremental() %}
    where as_of > {{ built_through('as_of') }} - interval 40 days
    {% endif %}
),

outcomes as (
    select * from {{ ref('int_flights__outcomes') }} where arr_delay is not null and {{ within_reach('known_at', '40 days') }}
),

arrived as (
    select bands.band, outcomes.arr_delay, outcomes.known_at
    from bands
    inner join outcomes using (flight_id)
),

due as (
    select * from bands where {{ new_instants() }}
),

midnights_of_bands as (
    select distinct band, midnight from due
),

medians_of_bands as (
    select asked.band, asked.midnight, median(arrived.arr_delay) as minutes
    from midnights_of_bands as asked
    inner join arrived
        on
            arrived.band = asked.band
            and arrived.known_at < asked.midnight
            and arrived.known_at >= asked.midnight - interval 28 days
    group by asked.band, asked.midnight
)

select
    due.flight_id,
    due.as_of,
    -- five minutes early is the year's median
    cast(coalesce(medians_of_bands.minutes, -5) as double) as rule_score
from due
left join medians_of_bands using (band, midnight)
