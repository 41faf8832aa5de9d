-- One row per row of the cohort, with everything that was known of the flight strictly before as_of.
{{ config(materialized='append_only') }}

with cohort as (
    select *, {{ last_midnight_before('as_of') }} as midnight
    from {{ ref('flight_disruption__cohort') }}
    where {{ new_instants() }}
),

holidays as (select * from {{ ref('ftr_calendar__holidays') }}),
norms as (select * from {{ ref('int_flights__route_norms') }} where {{ within_reach('known_at', '2 days') }}),
past as (select * from {{ ref('flight_disruption__past') }} where {{ new_instants() }}),
live_origin as (select * from {{ ref('flight_disruption__live_origin') }} where {{ new_instants() }}),
live_carrier as (select * from {{ ref('flight_disruption__live_carrier') }} where {{ new_instants() }}),
live_destination as (select * from {{ ref('flight_disruption__live_destination') }} where {{ new_instants() }}),
live_turn as (select * from {{ ref('flight_disruption__live_turn') }} where {{ new_instants() }}),
weather as (select * from {{ ref('flight_disruption__weather') }} where {{ new_instants() }}),
rule as (select * from {{ ref('flight_disruption__rule') }} where {{ new_instants() }})

select
    ---------- ids
    cohort.flight_id,
    cohort.as_of,

    ---------- plan
    cohort.carrier as plan_carrier,
    cohort.origin as plan_origin,
    cohort.region as plan_region,
    extract(hour from cohort.scheduled_departure_local) as plan_hour,
    extract(hour from cohort.scheduled_departure_local) * 60 + extract(minute from cohort.scheduled_departure_local) as plan_minute_of_day,
    {{ iso_weekday('cohort.scheduled_departure_local') }} as plan_weekday,
    cohort.arrival_minute_of_day as plan_arrival_minute_of_day,
    cohort.distance as plan_distance,
    {{ seconds_between('cohort.scheduled_departure_at', 'cohort.scheduled_arrival_at') }} / 60 as plan_minutes,
    {{ seconds_between('cohort.scheduled_departure_at', 'cohort.scheduled_arrival_at') }} / 60 - norms.air_time_28d as plan_slack_minutes,
    holidays.days_to_holiday as plan_days_to_holiday,
    holidays.days_from_nearest_holiday as plan_days_from_holiday,

    ---------- crowd
    cohort.origin_departures_day as crowd_origin_day,
    cohort.origin_departures_hour as crowd_origin_hour,
    cohort.city_departures_hour as crowd_city_hour,

    ---------- past, now, weather
    {{ all_but('past', ['flight_id', 'as_of', 'fleet_seats_28d']) }},
    {{ all_but('live_origin', ['flight_id', 'as_of']) }},
    {{ all_but('live_carrier', ['flight_id', 'as_of']) }},
    {{ all_but('live_destination', ['flight_id', 'as_of']) }},
    {{ all_but('live_turn', ['flight_id', 'as_of']) }},
    {{ all_but('weather', ['origin', 'as_of']) }},

    ---------- fleet
    past.fleet_seats_28d,

    ---------- rule
    rule.rule_score
from cohort
left join holidays on holidays.calendar_date = cohort.flight_date
left join norms on norms.route = concat_ws('-', cohort.origin, cohort.dest) and norms.known_at = cohort.midnight
left join weather on weather.origin = cohort.origin and weather.as_of = cohort.as_of
{%- for part in ['past', 'live_origin', 'live_carrier', 'live_destination', 'live_turn', 'rule'] %}
left join {{ part }} on {{ part }}.flight_id = cohort.flight_id and {{ part }}.as_of = cohort.as_of
{%- endfor %}
