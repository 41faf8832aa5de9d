-- One row per scheduled flight, as of two hours before its scheduled departure: the features of the flights' first problem that matter here.
with features as (select * from {{ ref('flight_disruption__features') }})

select
    ---------- ids
    flight_id,
    as_of,

    ---------- plan
    plan_carrier,
    plan_origin,
    plan_region,
    plan_minute_of_day,
    plan_weekday,
    plan_distance,
    plan_minutes,
    plan_slack_minutes,
    plan_days_from_holiday,

    ---------- crowd
    crowd_origin_hour,
    crowd_city_hour,

    ---------- past
    past_all_7d,
    past_all_28d,
    past_number_28d,
    past_number_90d,
    past_number_lost_on_the_way_28d,
    past_station_hour_28d,
    past_carrier_route_90d,
    past_station_28d,

    ---------- now
    city_waiting,
    city_trouble_1h,
    city_cancelled_6h,
    city_cancelled_share_1h,
    origin_waiting_minutes,
    origin_trouble_1h,
    origin_delay_3h,
    origin_delay_24h,
    origin_cancelled_share_2h,
    carrier_trouble_2h,
    station_delay_2h,
    station_trouble_today,
    station_arrival_delay_24h,
    carrier_dest_arrival_delay_24h,
    dest_trouble_2h,
    dest_air_excess_8h,
    dest_lost_on_the_way_24h,
    region_trouble_2h,
    region_lost_on_the_way_2h,
    number_last_arrival_delay,
    turn_departure_delay_1h,
    turn_arrival_delay_1h,
    fate_origin_disrupted_3h,
    fate_station_arrival_delay_6h,

    ---------- weather
    wind_speed,
    wind_east,
    wind_north,
    gust,
    pressure,
    pressure_change_3h,
    visibility_min_3h,
    rain_3h,
    city_visibility,
    city_dew_spread
from features
