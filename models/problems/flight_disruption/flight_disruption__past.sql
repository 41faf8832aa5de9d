-- One row per row of the cohort: how flights like it fared over the weeks that ended with the midnight before as_of.
{{ config(materialized='append_only') }}

with cohort as (
    select
        *,
        extract(hour from scheduled_departure_local) as departure_hour,
        {{ last_midnight_before('as_of') }} as midnight
    from {{ ref('flight_disruption__cohort') }}
    where {{ new_instants() }}
),

past as (
    select * from {{ ref('ftr_flights__trailing') }}
    where {{ within_reach('known_at', '2 days') }}
)

select
    cohort.flight_id,
    cohort.as_of,

    ---------- shares of disrupted flights; a new key starts at the share of all flights
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

    ---------- fleet
    past_carrier_dest.seats_28d as fleet_seats_28d
from cohort
{%- for alias, scope, key in [
    ('everything', 'all', "'all'"),
    ('past_number', 'flight_number', "concat_ws('-', cohort.carrier, cohort.flight, cohort.origin)"),
    ('past_station_hour', 'carrier_origin_hour', "concat_ws('-', cohort.carrier, cohort.origin, cohort.departure_hour)"),
    ('past_route_part', 'route_part_of_day', "concat_ws('-', cohort.origin, cohort.dest, cast(floor(cohort.departure_hour / 3) as integer))"),
    ('past_origin', 'origin', 'cohort.origin'),
    ('past_station', 'carrier_origin', "concat_ws('-', cohort.carrier, cohort.origin)"),
    ('past_carrier_route', 'carrier_route', "concat_ws('-', cohort.carrier, cohort.origin, cohort.dest)"),
    ('past_carrier_dest', 'carrier_dest', "concat_ws('-', cohort.carrier, cohort.dest)"),
] %}
left join past as {{ alias }}
    on {{ alias }}.scope = '{{ scope }}' and {{ alias }}.key = {{ key }} and {{ alias }}.known_at = cohort.midnight
{%- endfor %}
