-- One row per source and place that does not hold the rows that landed, as of the last look at the monitors.
with last_look as (
    select * from {{ ref('ledger_reconciliations') }}
    qualify look = max(look) over ()
),

differing as (select * from last_look where batches_differing > 0),

-- What a measure says of a batch: its file, and how many more there are.
differing_with_names as (
    select
        *,
        concat(
            case when file is null then concat('landing ', cast(landing_number as varchar)) else file end,
            case when batches_differing > 1 then concat(' and ', cast(batches_differing - 1 as varchar), ' more files') else '' end
        ) as batches
    from differing
)

select
    cast(null as varchar) as problem,
    'unreconciled' as kind,
    concat(source, ' in ', place) as subject,
    source as alert_subject,
    source as node,
    as_of as seen_at,
    concat(
        'rows of ', batches, case when rows_missing > 0 then ' that are missing in ' else ' that are too many in ' end, place
    ) as measure,
    cast(rows_missing + rows_surplus as double) as value,
    cast(0 as double) as limit_value,
    cast(null as varchar) as severity,
    least(1, cast(rows_missing + rows_surplus as double) / nullif(greatest(rows_expected, rows_found), 0)) as damage,
    rows_missing + rows_surplus as rows_at_stake
from differing_with_names
