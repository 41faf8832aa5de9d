-- One row per row of the cohort: the features of the flights' first problem that matter here, and this problem's rule.
with known as (select * from {{ ref('flight_disruption__features') }}),

rule as (select * from {{ ref('flight_fate__rule') }})

select
    ---------- ids
    known.flight_id,
    known.as_of,

    ---------- plan
    known.plan_carrier,
    known.plan_origin,
    known.plan_region,
    known.plan_minute_of_day,
    known.plan_weekday,
    known.plan_distance,
    known.plan_minutes,
    known.plan_slack_minutes,
    known.plan_days_from_holiday,

    ---------- crowd
    known.crowd_origin_hour,
    known.crowd_city_hour,

    ---------- past
    known.past_all_7d,
    known.past_all_28d,
    known.past_number_28d,
    known.past_number_90d,
    known.past_number_lost_on_the_way_28d,
    known.past_station_hour_28d,
    known.past_carrier_route_90d,
    known.past_station_28d,

    ---------- now
    known.city_waiting,
    known.city_trouble_1h,
    known.city_cancelled_6h,
    known.city_cancelled_share_1h,
    known.origin_waiting_minutes,
    known.origin_trouble_1h,
    known.origin_delay_3h,
    known.origin_delay_24h,
    known.origin_cancelled_share_2h,
    known.carrier_trouble_2h,
    known.station_delay_2h,
    known.station_trouble_today,
    known.station_arrival_delay_24h,
    known.carrier_dest_arrival_delay_24h,
    known.dest_trouble_2h,
    known.dest_air_excess_8h,
    known.dest_lost_on_the_way_24h,
    known.region_trouble_2h,
    known.region_lost_on_the_way_2h,
    known.number_last_arrival_delay,
    known.turn_departure_delay_1h,
    known.turn_arrival_delay_1h,
    known.fate_origin_disrupted_3h,
    known.fate_station_arrival_delay_6h,

    ---------- weather
    known.wind_speed,
    known.wind_east,
    known.wind_north,
    known.gust,
    known.pressure,
    known.pressure_change_3h,
    known.visibility_min_3h,
    known.rain_3h,
    known.city_visibility,
    known.city_dew_spread,

    ---------- rule
    rule.rule_on_time,
    rule.rule_late,
    rule.rule_cancelled,
    rule.rule_diverted
from known
inner join rule using (flight_id, as_of)
