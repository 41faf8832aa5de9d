-- One row per flight: the same, for facts that may skip days: the last row of each table known at that midnight or earlier.
{% set features = [] -%}
{% for feature in ['n', 'share', 'arrival', 'departure', 'spread'] %}{% for days in [7, 28, 90] -%}
{% do features.append(feature ~ '_' ~ days ~ 'd') %}{% endfor %}{% endfor -%}
{% set keys = ['carrier', 'origin', 'dest', 'route', 'market'] -%}
with asked as (
    select *, {{ last_midnight_before('as_of') }} as midnight from spine
),
{% for key in keys %}
last_{{ key }} as (
    {{ last_before('spine', key ~ '_daily', key, features, unique_facts=true, every='day') }}
){{ ',' if not loop.last }}
{% endfor %}
select asked.flight_row
    {%- for key in keys %}{% for feature in features %},
    last_{{ key }}.{{ feature }} as {{ key }}_{{ feature }}{% endfor %}{% endfor %}
from asked
{%- for key in keys %}
left join last_{{ key }} on asked.{{ key }} = last_{{ key }}.{{ key }} and asked.midnight = last_{{ key }}.as_of
{%- endfor %}
