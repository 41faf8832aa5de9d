-- One row per airport, with its time zone.
with airports as (select * from {{ ref('stg_reference__airports') }}),

supplement as (select * from {{ ref('airport_supplement') }})

select airport, latitude, longitude, time_zone from airports
union all
select airport, latitude, longitude, time_zone from supplement
where airport not in (select airport from airports)
