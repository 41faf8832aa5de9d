-- One row per flight: trailing windows of its carrier, route and aircraft, to the instant.
{% set measures = {'n': 'count', 'mean': ['mean', 'arr_delay', 'bigint'], 'share': ['share', 'disrupted = 1']} -%}
with cohort as (
    select flight_row, carrier, route, tail, as_of from flights where {{ new_instants() }}
),

facts as (
    select carrier, route, tail, known_at, arr_delay, disrupted from flights where {{ within_reach('known_at', '29 days') }}
),
{% for key in ['carrier', 'route', 'tail'] %}
by_{{ key }} as (
    {{ aggregate_before('cohort', 'facts', key, {'28d': '28 days'}, measures) }}
){{ ',' if not loop.last }}
{% endfor %}
select cohort.flight_row, cohort.as_of
    {%- for key in ['carrier', 'route', 'tail'] %},
    by_{{ key }}.n_28d as {{ key }}_n, by_{{ key }}.mean_28d as {{ key }}_mean, by_{{ key }}.share_28d as {{ key }}_share{% endfor %}
from cohort
{%- for key in ['carrier', 'route', 'tail'] %}
left join by_{{ key }} on cohort.{{ key }} = by_{{ key }}.{{ key }} and cohort.as_of = by_{{ key }}.as_of
{%- endfor %}
