-- One row per scheduled flight, as of two hours before its scheduled departure, once that instant has passed.
{{ config(materialized='append_only') }}

with clock as (select * from {{ ref('stg_asof__clock') }}),

-- as_of lies before the departure: this leaves out nothing that is new, and what is old need not be read.
scheduled as (
    select * from {{ ref('int_flights__scheduled') }} where {{ within_reach('scheduled_departure_at', '0 hours') }}
),

look_two_hours_ahead as (
    select *, scheduled_departure_at - interval 2 hours as as_of
    from scheduled
)

select *
from look_two_hours_ahead
where
    as_of < (select now from clock)
    and {{ new_instants() }}
    -- a flight whose schedule came too late was not there to be predicted
    and {{ known_before('known_at', 'as_of') }}
