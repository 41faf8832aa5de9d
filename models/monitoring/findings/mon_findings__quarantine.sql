-- One row per file of a source that lost more than the declared share of its lines in two weeks.
{%- set limits = var('alert_limits') %}
with clock as (select cast(now as date) as today from {{ ref('stg_asof__clock') }}),

recent_batches as (
    select *
    from {{ ref('batches') }}
    where landed_as_of >= (select today - interval {{ limits.stands_for_days }} days from clock)
),

share_of_the_source as (
    select
        *,
        sum(rows_received) over by_source as received,
        cast(sum(rows_quarantined) over by_source as double) / nullif(sum(rows_received) over by_source, 0) as share
    from recent_batches
    window by_source as (partition by source)
)

select
    cast(null as varchar) as problem,
    'quarantine' as kind,
    source as subject,
    source as alert_subject,
    source as node,
    landed_as_of as seen_at,
    share as value,
    cast({{ limits.quarantined_share }} as double) as limit_value,
    cast(null as varchar) as severity,
    share as damage,
    cast(received as bigint) as rows_at_stake
from share_of_the_source
where share > {{ limits.quarantined_share }} and rows_quarantined > 0
