-- One row per day of which served rows would be other ones today.
{#- one row in a hundred: a row is computed once, so every difference is somebody's or something's doing -#}
{%- set limit = 0.01 %}
select
    problem,
    'skew' as kind,
    'served rows' as subject,
    'served rows' as alert_subject,
    concat(problem, '__features') as node,
    cast(day as timestamp) as seen_at,
    'share of the served rows that would be others today' as measure,
    sum(rows_differing) / sum(rows_compared) as value,
    cast({{ limit }} as double) as limit_value,
    cast(null as varchar) as severity,
    sum(rows_differing) / sum(rows_compared) as damage,
    cast(sum(rows_compared) as bigint) as rows_at_stake
from {{ ref('mon_skew') }}
where feature = 'any feature'
group by problem, day
having sum(rows_differing) > {{ limit }} * sum(rows_compared)
