-- One row per flight: how the 7, 28 and 90 days before its decision went for its key, to the instant.
{% set days = [7, 28, 90] -%}
with windowed as (
    {{ aggregate_before('spine', 'facts', 'key', {'7d': '7 days', '28d': '28 days', '90d': '90 days'}, {
        'n': 'count', 'mean': ['mean', 'arr_delay', 'bigint'], 'share': ['share', 'disrupted = 1']
    }) }}
)

select spine.flight_row
    {%- for d in days %},
    coalesce(windowed.n_{{ d }}d, 0) as n_{{ d }}d, windowed.mean_{{ d }}d, windowed.share_{{ d }}d{% endfor %}
from spine
left join windowed on spine.key = windowed.key and spine.as_of = windowed.as_of
