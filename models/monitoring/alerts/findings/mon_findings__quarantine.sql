-- One row per file of a source that lost more of its lines in two weeks than the declared share, and than it always has.
{#- the files that are looked at: two weeks, as long as what is found in them stands -#}
{%- set days = 14 %}
{#- one line in a thousand: more is a change at the source, not a slip -#}
{%- set least_share = 0.001 %}
{#- what is usual for the source: two quarters -#}
{%- set days_before = 182 %}
with clock as (select cast(now as date) as today from {{ ref('stg_asof__clock') }}),

recent_batches as (
    select *
    from {{ ref('ledger_batches') }}
    where landed_as_of >= (select today - interval {{ days }} days from clock)
),

-- A source that loses a few lines every day is known to; twice as many are news, or half of those that it does not lose. The median
-- of its days, so that one bad file does not make the next one usual.
usual_shares as (
    select source, median(share) as usual_share
    from (
        select source, cast(sum(rows_quarantined) as double) / nullif(sum(rows_received), 0) as share
        from {{ ref('ledger_batches') }}
        where
            landed_as_of < (select today - interval {{ days }} days from clock)
            and landed_as_of >= (select today - interval {{ days_before }} days from clock)
        group by source, cast(landed_as_of as date)
    ) as days
    group by source
),

shares_by_source as (
    select
        *,
        sum(rows_received) over by_source as received,
        cast(sum(rows_quarantined) over by_source as double) / nullif(sum(rows_received) over by_source, 0) as share
    from recent_batches
    window by_source as (partition by source)
),

shares_with_limits as (
    select shares_by_source.*, greatest({{ least_share }}, least(coalesce(2 * usual_share, 0), (1 + coalesce(usual_share, 0)) / 2)) as limit_share
    from shares_by_source
    left join usual_shares using (source)
)

select
    cast(null as varchar) as problem,
    'quarantine' as kind,
    source as subject,
    source as alert_subject,
    source as node,
    landed_as_of as seen_at,
    'share of the lines of {{ days }} days that could not be loaded' as measure,
    share as value,
    cast(limit_share as double) as limit_value,
    cast(null as varchar) as severity,
    share as damage,
    cast(received as bigint) as rows_at_stake
from shares_with_limits
where share > limit_share and rows_quarantined > 0
