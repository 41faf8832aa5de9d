-- One row per date, up to a year after the last federal holiday that is listed: how far the next and the nearest one are.
{{ config(materialized='table') }}

with holidays as (select * from {{ ref('us_holidays') }} where kind = 'federal'),

dates as (
    {{ instants_between(
        '(select min(holiday_date) from holidays)', "(select max(holiday_date) + interval '1 year' from holidays)", '1 day', 'midnight'
    ) }}
)

select
    cast(midnight as date) as calendar_date,
    min(holiday_date - cast(midnight as date)) filter (where holiday_date >= cast(midnight as date)) as days_to_holiday,
    min(abs(holiday_date - cast(midnight as date))) as days_from_nearest_holiday
from dates
cross join holidays
group by midnight
