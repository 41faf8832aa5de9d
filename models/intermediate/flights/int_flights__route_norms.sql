-- One row per route and midnight (UTC): the mean air time of the 28 days before it.
{{ config(materialized='append_only') }}

with clock as (select * from {{ ref('stg_asof__clock') }}),

daily as (
    select * from {{ ref('int_flights__daily') }} where {{ within_reach('known_at', '28 days', as_of='known_at') }}
),

look_back as (
    {{ trailing_daily('daily', on=['key'], where="scope = 'route'", windows={'28d': '28 days'}, measures={
        'air_time': ['total', 'air_time'],
        'flown': ['total', 'flown'],
    }, until='(select now from clock)', since=built_through('known_at') if is_incremental() else none, quiet=false) }}
)

select
    key as route,
    known_at,
    air_time_28d / nullif(flown_28d, 0) as air_time_28d
from look_back
