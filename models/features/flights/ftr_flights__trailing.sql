-- One row per scope, key and midnight (UTC): how its flights fared over the 7, 28 and 90 days before it.
{{ config(materialized='append_only') }}

with clock as (select * from {{ ref('stg_asof__clock') }}),

daily as (
    select * from {{ ref('int_flights__daily') }} where {{ within_reach('known_at', '90 days', as_of='known_at') }}
),

look_back as (
    {{ trailing_daily('daily', on=['scope', 'key'], windows={'7d': '7 days', '28d': '28 days', '90d': '90 days'}, measures={
        'flights': ['total', 'flights'],
        'disrupted': ['total', 'disrupted'],
        'flown': ['total', 'flown'],
        'lost_on_the_way': ['total', 'lost_on_the_way'],
        'seats': ['total', 'seats'],
        'seats_known': ['total', 'seats_known'],
    }, until='(select now from clock)', since=built_through('known_at') if is_incremental() else none, quiet=false) }}
)

select
    scope,
    key,
    known_at,
    flights_7d,
    disrupted_7d,
    flights_28d,
    disrupted_28d,
    flights_90d,
    disrupted_90d,
    flown_28d,
    lost_on_the_way_28d,
    seats_28d / nullif(seats_known_28d, 0) as seats_28d
from look_back
