-- One row per hour: the worst of the weather at the airports of the city, which share one airspace.
with hourly as (select * from {{ ref('ftr_weather__hourly') }})

select
    min(visibility) as visibility,
    max(precipitation) as precipitation,
    min(temperature - dew_point) as dew_spread,
    max(gust) as gust,
    known_at
from hourly
group by known_at
