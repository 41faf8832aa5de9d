-- One row per flight: how the 28 days before its decision went for its key, to the instant.
with windowed as (
    {{ aggregate_before('spine', 'facts', 'key', {'28d': '28 days'}, {
        'n': 'count', 'mean': ['mean', 'arr_delay', 'bigint'], 'share': ['share', 'disrupted = 1']
    }) }}
)

select spine.flight_row, coalesce(windowed.n_28d, 0) as n, windowed.mean_28d as mean, windowed.share_28d as share
from spine
left join windowed on spine.key = windowed.key and spine.as_of = windowed.as_of
