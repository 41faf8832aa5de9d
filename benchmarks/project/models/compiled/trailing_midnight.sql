-- One row per flight: how the 28 days before its decision's midnight went for its key.
with daily as (
    {{ trailing_daily('facts', 'key', {'28d': '28 days'}, {
        'n': 'count', 'mean': ['mean', 'arr_delay', 'bigint'], 'share': ['share', 'disrupted = 1']
    }, until='(select max(as_of) from spine)') }}
)

select spine.flight_row, coalesce(daily.n_28d, 0) as n, daily.mean_28d as mean, daily.share_28d as share
from spine
left join daily on spine.key = daily.key and {{ last_midnight_before('spine.as_of') }} = daily.known_at
