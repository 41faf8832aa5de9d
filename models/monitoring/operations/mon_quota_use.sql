-- One row per quota and period: how much of what it limits was used.
with quotas as (select * from {{ ref('quotas') }}),

runs as (select *, cast(as_of as date) as day from {{ ref('ledger_runs') }}),

batches as (select * from {{ ref('ledger_batches') }}),

-- A row that lands, a second that runs, a prediction is used once; a disk, a longest run, a largest one are levels of the day.
use_by_day as (
    select 'warehouse_bytes' as measured_as, day, cast(max_by(warehouse_bytes, started_at) as double) as used from runs group by day
    union all
    select 'longest_run', day, max(seconds) from runs group by day
    union all
    select 'largest_run', day, max(peak_memory_mb) from runs group by day
    union all
    select 'cpu_seconds', day, sum(cpu_seconds) from runs group by day
    union all
    select 'training_seconds', day, sum(seconds) from runs where phase = 'training' group by day
    union all
    select 'predictions', day, cast(sum(rows) as double) from runs where phase = 'serving' and status = 'succeeded' group by day
    union all
    select 'landed_rows', cast(landed_as_of as date), cast(sum(rows_loaded) as double) from batches group by 2
),

-- What is summed and was not used on a day was used 0: a period without use is part of the trend. What is a level, or the greatest
-- of its day, is not known on a day without a run.
first_days as (
    select measured_as, min(day) as first_day
    from use_by_day
    where measured_as in ('cpu_seconds', 'training_seconds', 'predictions', 'landed_rows')
    group by measured_as
),

days as (
    {{ instants_between('(select min(first_day) from first_days)', '(select now from ' ~ ref('stg_asof__clock') ~ ')', '1 day', 'at') }}
),

use_of_every_day as (
    select * from use_by_day
    union all
    select first_days.measured_as, cast(days.at as date), 0 from first_days inner join days on days.at >= first_days.first_day
),

use_by_period as (
    select
        quotas.quota,
        measured_as,
        quotas.price,
        day,
        used,
        case quotas.period
            when 'week' then cast(date_trunc('week', day) as date)
            when 'month' then cast(date_trunc('month', day) as date)
            else day
        end as period_start,
        case quotas.period
            when 'week' then cast(date_trunc('week', day) + interval 7 days as date)
            when 'month' then cast(date_trunc('month', day) + interval 1 month as date)
            else day + 1
        end as period_end
    from use_of_every_day
    inner join quotas using (measured_as)
    where used is not null
)

select
    quota,
    period_start,
    period_end,
    measured_as in ('warehouse_bytes') as is_level,
    max(price) * case
        when measured_as in ('warehouse_bytes') then max_by(used, day)
        when measured_as in ('longest_run', 'largest_run') then max(used)
        else sum(used)
    end as used
from use_by_period
group by quota, measured_as, period_start, period_end
