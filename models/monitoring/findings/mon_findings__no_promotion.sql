-- One row per problem whose latest challengers were all turned down, or could not be told from the champion.
{%- set limit = var('alert_limits').verdicts_without_promotion %}
with latest as (
    select problem, max(decided_as_of) as decided_as_of, max_by(verdicts_since_promotion, decided_as_of) as verdicts
    from {{ ref('mon_validation') }}
    group by problem
)

select
    problem,
    'no_promotion' as kind,
    'challengers' as subject,
    'challengers' as alert_subject,
    'verdicts' as node,
    decided_as_of as seen_at,
    'verdicts since the last promotion' as measure,
    cast(verdicts as double) as value,
    cast({{ limit }} as double) as limit_value,
    cast(null as varchar) as severity,
    cast(null as double) as damage,
    cast(null as bigint) as rows_at_stake
from latest
where verdicts >= {{ limit }}
