-- One row per route and midnight: the daily table that the as-of join looks up.
with facts as (
    select route, known_at, arr_delay, disrupted from flights where {{ within_reach('known_at', '29 days', 'known_at') }}
)

select * from (
    {{ trailing_daily('facts', 'route', {'7d': '7 days', '28d': '28 days'}, {
    'n': 'count', 'mean': ['mean', 'arr_delay', 'bigint'], 'share': ['share', 'disrupted = 1']
}, until='(select max(as_of) from flights)', since=built_through('known_at') if is_incremental() else none,
    built=this if is_incremental() else none) }}
) as daily
