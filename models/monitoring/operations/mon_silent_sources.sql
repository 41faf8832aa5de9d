-- One row per source that has brought newer rows on three days at least: how old its newest row is, how old it usually became, and whether it is silent.
-- What:   the age of the newest row at the moment before the next ones land, the greatest of each day; the 95 % quantile over the last quarter.
-- Source: the batches alone; docs/decisions/0058-a-silent-source-says-nothing.md.
-- Read:   is_silent where the newest row is half as old again as that, for a quarter at most: then the source has ended and nothing waits for it.
{%- set quarter = var('estimation').delay_days %}
with clock as (select * from {{ ref('stg_asof__clock') }}),

landings as (
    select source, landed_as_of, max(known_through) as known_through
    from {{ ref('ledger_batches') }}
    where known_through is not null
    group by source, landed_as_of
),

landings_after_landings as (
    select
        *,
        max(known_through) over (
            partition by source order by landed_as_of rows between unbounded preceding and 1 preceding
        ) as known_before
    from landings
),

-- What lands first is history, whatever its age. Old rows that come late are no news of the source.
oldest_by_day as (
    select
        source,
        cast(landed_as_of as date) as day,
        max({{ seconds_between('known_before', 'landed_as_of') }}) / 3600 as hours
    from landings_after_landings
    where known_through > known_before
    group by all
),

last_quarter as (
    select *, max(day) over (partition by source) as last_day from oldest_by_day
),

usual as (
    select source, quantile_cont(hours, 0.95) as hours_usual
    from last_quarter
    where day > last_day - {{ quarter }}
    group by source
    having count(*) >= 3
),

ages as (
    select
        landings.source,
        max(landings.known_through) as known_through,
        {{ seconds_between('max(landings.known_through)', 'any_value(clock.now)') }} / 3600 as hours_behind
    from landings
    cross join clock
    group by landings.source
)

select
    ages.source,
    ages.known_through,
    ages.hours_behind,
    usual.hours_usual,
    ages.hours_behind > 1.5 * usual.hours_usual and ages.hours_behind <= 24 * {{ quarter }} as is_silent
from ages
inner join usual on usual.source = ages.source
