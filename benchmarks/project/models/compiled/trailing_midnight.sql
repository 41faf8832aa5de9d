-- One row per flight: how the 28 days before its decision's midnight went for its key.
with asks as (
    select distinct key, {{ last_midnight_before('as_of') }} as midnight from spine
),

windowed as (
    {{ aggregate_before('asks', 'facts', 'key', {'28d': '28 days'}, {
        'n': 'count', 'mean': ['mean', 'arr_delay', 'bigint'], 'share': ['share', 'disrupted = 1']
    }, as_of='midnight', form='buckets', bucket='day') }}
)

select spine.flight_row, coalesce(windowed.n_28d, 0) as n, windowed.mean_28d as mean, windowed.share_28d as share
from spine
left join windowed on spine.key = windowed.key and {{ last_midnight_before('spine.as_of') }} = windowed.midnight
