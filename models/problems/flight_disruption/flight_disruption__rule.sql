-- One row per row of the cohort: the answer without machine learning, a rate that an analyst could write down.
{{ config(materialized='append_only') }}

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

meet_their_fate as (
    select name_the_band.band, outcomes.disrupted, outcomes.known_at
    from name_the_band
    inner join outcomes using (flight_id)
),

due as (
    select *, {{ last_midnight_before('as_of') }} as midnight from name_the_band where {{ new_instants() }}
),

rate_the_bands as (
    {{ aggregate_before('due', 'meet_their_fate', on=['band'], as_of='midnight', windows={'90d': '90 days'}, measures={
        'flights': 'count',
        'disrupted': ['count_if', 'disrupted'],
    }) }}
)

select
    due.flight_id,
    due.as_of,
    due.band,
    -- one disrupted flight in four is the year's average: it stands for twenty flights until a band has its own
    {{ shrunk_share('rate_the_bands.disrupted_90d', 'rate_the_bands.flights_90d', prior=0.25, weight=20) }} as rule_score
from due
left join rate_the_bands using (band, midnight)
