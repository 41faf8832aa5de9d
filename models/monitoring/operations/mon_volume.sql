-- One row per source and day on which the clock moved: what landed, how fresh it is, and what that weekday has been before.
{%- set weeks = 8 %}
with batches as (select * from {{ ref('ledger_batches') }}),

runs as (select * from {{ ref('ledger_runs') }} where phase = 'features' and status = 'succeeded'),

-- What lands a week and more at once, a month or what an outage held back, says how fresh a source is, but not what a day brings.
landed_by_day as (
    select
        source,
        cast(landed_as_of as date) as day,
        sum(rows_received) filter (where coalesce({{ seconds_between('known_from', 'known_through') }}, 0) < 7 * 86400) as rows,
        count(*) as files,
        max(known_through) as known_through
    from batches
    group by all
),

-- Every day on which models were built, whether the source brought anything or not: a feed that stops leaves no row of its own.
days_with_a_run as (
    select cast(as_of as date) as day, max(as_of) as clock from runs group by all
),

sources as (
    select source, min(day) as first_day from landed_by_day group by source
),

every_source_and_day as (
    select
        sources.source,
        days_with_a_run.day,
        days_with_a_run.clock,
        case when landed_by_day.files is null then 0 else landed_by_day.rows end as rows,
        coalesce(landed_by_day.files, 0) as files,
        max(landed_by_day.known_through) over (partition by sources.source order by days_with_a_run.day) as known_through
    from sources
    inner join days_with_a_run on days_with_a_run.day >= sources.first_day
    left join landed_by_day on landed_by_day.source = sources.source and landed_by_day.day = days_with_a_run.day
),

rows_and_hours as (
    select
        *,
        {{ iso_weekday('day') }} as weekday,
        ln(1 + rows) as log_rows,
        {{ seconds_between('known_through', 'clock') }} / 3600 as hours_behind
    from every_source_and_day
),

-- The day itself is never in its own baseline: only the same weekday of the weeks before.
usual_of_the_weekday as (
    select
        *,
        count(*) over same_weekday as weeks_seen,
        median(log_rows) over same_weekday as usual_log_rows,
        quantile_cont(log_rows, 0.75) over same_weekday - quantile_cont(log_rows, 0.25) over same_weekday as log_rows_range
    from rows_and_hours
    window same_weekday as (
        partition by source, weekday order by day rows between {{ weeks }} preceding and 1 preceding
    )
)

select
    source,
    day,
    clock,
    weekday,
    cast(rows as bigint) as rows,
    cast(files as bigint) as files,
    known_through,
    hours_behind,
    weeks_seen,
    exp(usual_log_rows) - 1 as rows_usual,
    -- in robust standard deviations; at least a twentieth, so that a feed which never varies does not alarm over one row, and at
    -- least what chance does to a count of this size
    case
        when weeks_seen >= 3
            then (log_rows - usual_log_rows) / greatest(log_rows_range / 1.349, 0.05, exp(-usual_log_rows / 2))
    end as rows_z
from usual_of_the_weekday
