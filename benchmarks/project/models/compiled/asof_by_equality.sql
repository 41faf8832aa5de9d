-- One row per flight: fifteen features of each of five daily tables, joined at the last midnight before the decision.
{% set features = ['n', 'share', 'arrival', 'departure', 'spread'] -%}
{% set keys = ['carrier', 'origin', 'dest', 'route', 'market'] -%}
with asked as (
    select *, {{ last_midnight_before('as_of') }} as midnight from spine
)

select asked.flight_row
    {%- for key in keys %}{% for feature in features %}{% for days in [7, 28, 90] %},
    {{ key }}_daily.{{ feature }}_{{ days }}d as {{ key }}_{{ feature }}_{{ days }}d{% endfor %}{% endfor %}{% endfor %}
from asked
{%- for key in keys %}
left join {{ key }}_daily on asked.{{ key }} = {{ key }}_daily.{{ key }} and asked.midnight = {{ key }}_daily.known_at
{%- endfor %}
