-- One row per row of the cohort: how the flights in the same band of delay at the airport ended, shares of 90 days.
{{ config(materialized='append_only') }}

with bands as (
    select flight_id, as_of, band, {{ last_midnight_before('as_of') }} as midnight
    from {{ ref('flight_disruption__rule') }}
    {% if is_incremental() %}
    where as_of > {{ built_through('as_of') }} - interval 100 days
    {% endif %}
),

outcomes as (
    select * from {{ ref('int_flights__outcomes') }} where {{ within_reach('known_at', '100 days') }}
),

ended as (
    select bands.band, outcomes.fate, outcomes.disrupted, outcomes.known_at
    from bands
    inner join outcomes using (flight_id)
),

due as (
    select * from bands where {{ new_instants() }}
),

shares_of_bands as (
    {{ aggregate_before('due', 'ended', on=['band'], as_of='midnight', windows={'90d': '90 days'}, measures={
        'flights': 'count',
        'cancelled': ['count_if', "fate = 'cancelled'"],
        'diverted': ['count_if', "fate = 'diverted'"],
        'late': ['count_if', "fate = 'arrived' and disrupted"],
    }) }}
),

-- the year's averages stand for twenty flights until a band has its own
smoothed as (
    select
        due.flight_id,
        due.as_of,
        {{ shrunk_share('shares_of_bands.late_90d', 'shares_of_bands.flights_90d', prior=0.22, weight=20) }} as rule_late,
        {{ shrunk_share('shares_of_bands.cancelled_90d', 'shares_of_bands.flights_90d', prior=0.025, weight=20) }} as rule_cancelled,
        {{ shrunk_share('shares_of_bands.diverted_90d', 'shares_of_bands.flights_90d', prior=0.0025, weight=20) }} as rule_diverted
    from due
    left join shares_of_bands using (band, midnight)
)

select *, 1 - rule_late - rule_cancelled - rule_diverted as rule_on_time
from smoothed
