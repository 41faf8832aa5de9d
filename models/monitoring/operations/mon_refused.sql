-- One row per source and day of landing: rows received and refused, and the columns that were refused most.
with batches as (select * from {{ ref('ledger_batches') }}),

quarantine as (select * from {{ ref('ledger_quarantine') }}),

rows_by_day as (
    select
        source,
        cast(landed_as_of as date) as day,
        cast(sum(rows_received) as bigint) as rows_received,
        cast(sum(rows_loaded) as bigint) as rows_loaded,
        cast(sum(rows_quarantined) as bigint) as rows_quarantined
    from batches
    group by all
),

refusals_by_column as (
    select
        batches.source,
        cast(batches.landed_as_of as date) as day,
        quarantine.column_name,
        count(*) as rows,
        min(quarantine.reason) as example
    from quarantine
    inner join batches using (batch_id)
    group by all
),

-- As a row, so that column, rows and reason are of the same refusals, of lines without a column as well.
worst_column as (
    select source, day, column_name as worst_column, cast(rows as bigint) as worst_rows, example as worst_reason
    from refusals_by_column
    qualify row_number() over (partition by source, day order by rows desc, column_name) = 1
)

select
    rows_by_day.*,
    cast(rows_quarantined as double) / nullif(rows_received, 0) as share,
    cast(sum(rows_quarantined) over week_before as double) / nullif(sum(rows_received) over week_before, 0) as share_previous,
    worst_column,
    worst_rows,
    worst_reason
from rows_by_day
left join worst_column using (source, day)
window week_before as (
    partition by source order by day range between interval 7 days preceding and interval 1 days preceding
)
