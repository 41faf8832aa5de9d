-- One row per day that is known in advance to be unlike others: one that is listed, and those around it.
{%- set how = var('special_days', none) %}
{%- if how %}
select distinct cast({{ how.column }} as date) + cast(around.days as integer) as day
from {{ ref(how.table) }}
cross join (values {% for days in range(-how.reach_days, how.reach_days + 1) %}({{ days }}){{ ', ' if not loop.last }}{% endfor %}) as around (days)
{%- else %}
select cast(null as date) as day where false
{%- endif %}
