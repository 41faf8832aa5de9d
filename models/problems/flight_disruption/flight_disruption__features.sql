-- One row per row of the cohort, with everything that was known of the flight strictly before as_of.
{{ config(materialized='incremental', incremental_strategy='append') }}

with cohort as (
    select *, {{ last_midnight_before('as_of') }} as midnight
    from {{ ref('flight_disruption__cohort') }}
    where {{ new_instants() }}
),

past as (
    select * from {{ ref('ftr_flights__trailing') }}
    where {{ within_reach('known_at', '2 days') }}
),

norms as (select * from {{ ref('int_flights__route_norms') }}),
live_origin as (select * from {{ ref('flight_disruption__live_origin') }} where {{ new_instants() }}),
live_carrier as (select * from {{ ref('flight_disruption__live_carrier') }} where {{ new_instants() }}),
live_destination as (select * from {{ ref('flight_disruption__live_destination') }} where {{ new_instants() }}),

live_turn as (select * from {{ ref('flight_disruption__live_turn') }} where {{ new_instants() }}),

hourly as (select * from {{ ref('ftr_weather__hourly') }} where {{ within_reach('known_at', '1 day') }}),
city as (select * from {{ ref('ftr_weather__city') }} where {{ within_reach('known_at', '1 day') }}),
rule as (select * from {{ ref('flight_disruption__rule') }} where {{ new_instants() }}),

holidays as (select * from {{ ref('us_holidays') }} where kind = 'federal'),

count_days_to_holidays as (
    select
        flight_date,
        min(holiday_date - flight_date) filter (where holiday_date >= flight_date) as days_to_holiday,
        min(abs(holiday_date - flight_date)) as days_from_nearest_holiday
    from (select distinct flight_date from cohort)
    cross join holidays
    group by flight_date
),

-- an observation that is older than six hours says nothing of the weather now
weather as (
    {{ last_before('cohort', 'hourly', on=['origin'], unique_facts=true, within='6 hours', take=[
        'temperature', 'dew_point', 'wind_speed', 'wind_east', 'wind_north', 'gust', 'pressure', 'pressure_change_3h',
        'visibility_min_3h', 'rain_3h']) }}
),

city_weather as (
    {{ last_before('cohort', 'city', on=[], unique_facts=true, within='6 hours', take={
        'city_visibility': 'visibility', 'city_precipitation': 'precipitation', 'city_dew_spread': 'dew_spread', 'city_gust': 'gust'}) }}
)

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
    count_days_to_holidays.days_to_holiday as plan_days_to_holiday,
    count_days_to_holidays.days_from_nearest_holiday as plan_days_from_holiday,

    ---------- crowd
    cohort.origin_departures_day as crowd_origin_day,
    cohort.origin_departures_hour as crowd_origin_hour,
    cohort.city_departures_hour as crowd_city_hour,

    ---------- past: shares of disrupted flights; a new key starts at the share of all flights
    everything.disrupted_7d / nullif(everything.flights_7d, 0) as past_all_7d,
    everything.disrupted_28d / nullif(everything.flights_28d, 0) as past_all_28d,
    everything.disrupted_90d / nullif(everything.flights_90d, 0) as past_all_90d,
    {{ shrunk_share('past_number.disrupted_28d', 'past_number.flights_28d', 'past_all_28d', 20) }} as past_number_28d,
    {{ shrunk_share('past_number.disrupted_90d', 'past_number.flights_90d', 'past_all_90d', 30) }} as past_number_90d,
    {{ shrunk_share('past_number.lost_on_the_way_28d', 'past_number.flown_28d', '(-5)', 10) }} as past_number_lost_on_the_way_28d,
    {{ shrunk_share('past_station_hour.disrupted_28d', 'past_station_hour.flights_28d', 'past_all_28d', 20) }} as past_station_hour_28d,
    {{ shrunk_share('past_station_hour.disrupted_90d', 'past_station_hour.flights_90d', 'past_all_90d', 30) }} as past_station_hour_90d,
    {{ shrunk_share('past_route_part.disrupted_90d', 'past_route_part.flights_90d', 'past_all_90d', 30) }} as past_route_part_of_day_90d,
    {{ shrunk_share('past_origin.disrupted_28d', 'past_origin.flights_28d', 'past_all_28d', 20) }} as past_origin_28d,
    {{ shrunk_share('past_station.disrupted_28d', 'past_station.flights_28d', 'past_all_28d', 20) }} as past_station_28d,
    {{ shrunk_share('past_carrier_route.disrupted_90d', 'past_carrier_route.flights_90d', 'past_all_90d', 30) }} as past_carrier_route_90d,

    ---------- now: the hours before as_of
    {{ all_but('live_origin', ['flight_id', 'as_of']) }},
    {{ all_but('live_carrier', ['flight_id', 'as_of']) }},
    {{ all_but('live_destination', ['flight_id', 'as_of']) }},
    {{ all_but('live_turn', ['flight_id', 'as_of']) }},

    ---------- weather, as last observed
    {{ all_but('weather', ['origin', 'as_of']) }},
    {{ all_but('city_weather', ['as_of']) }},

    ---------- fleet
    past_carrier_dest.seats_28d as fleet_seats_28d,

    ---------- rule
    rule.rule_score
from cohort
left join count_days_to_holidays using (flight_date)
left join norms on norms.route = concat_ws('-', cohort.origin, cohort.dest) and norms.known_at = cohort.midnight
{%- for alias, scope, key in [
    ('everything', 'all', "'all'"),
    ('past_number', 'flight_number', "concat_ws('-', cohort.carrier, cohort.flight, cohort.origin)"),
    ('past_station_hour', 'carrier_origin_hour', "concat_ws('-', cohort.carrier, cohort.origin, extract(hour from cohort.scheduled_departure_local))"),
    ('past_route_part', 'route_part_of_day', "concat_ws('-', cohort.origin, cohort.dest, cast(floor(extract(hour from cohort.scheduled_departure_local) / 3) as integer))"),
    ('past_origin', 'origin', 'cohort.origin'),
    ('past_station', 'carrier_origin', "concat_ws('-', cohort.carrier, cohort.origin)"),
    ('past_carrier_route', 'carrier_route', "concat_ws('-', cohort.carrier, cohort.origin, cohort.dest)"),
    ('past_carrier_dest', 'carrier_dest', "concat_ws('-', cohort.carrier, cohort.dest)"),
] %}
left join past as {{ alias }}
    on {{ alias }}.scope = '{{ scope }}' and {{ alias }}.key = {{ key }} and {{ alias }}.known_at = cohort.midnight
{%- endfor %}
left join live_origin on live_origin.flight_id = cohort.flight_id and live_origin.as_of = cohort.as_of
left join live_carrier on live_carrier.flight_id = cohort.flight_id and live_carrier.as_of = cohort.as_of
left join live_destination on live_destination.flight_id = cohort.flight_id and live_destination.as_of = cohort.as_of
left join live_turn on live_turn.flight_id = cohort.flight_id and live_turn.as_of = cohort.as_of
left join weather on weather.origin = cohort.origin and weather.as_of = cohort.as_of
left join city_weather on city_weather.as_of = cohort.as_of
left join rule on rule.flight_id = cohort.flight_id and rule.as_of = cohort.as_of
