-- One row per prediction and grain (day, week) whose period is over: what was known of it when that ended.
with clock as (select now from {{ ref('stg_asof__clock') }}),

scored as (select * from {{ ref('mon_scored') }}),

rows_of_each_period as (
    {{ by_day_and_week('scored', 'cast(as_of as date)') }}
),

rows_with_the_end as (
    select *, cast(end_day as timestamp) as period_end from rows_of_each_period
),

rows_of_periods_that_are_over as (
    select *, coalesce({{ known_before('label_known_at', 'period_end') }}, false) as is_known
    from rows_with_the_end
    where period_end <= (select now from clock)
)

select
    problem,
    grain,
    period,
    period_end,
    entity_id,
    as_of,
    model_version,
    score,
    label,
    label_known_at,
    is_known,
    {{ log_odds_bin('score') }} as score_bin,
    {{ age_bin(seconds_between('as_of', 'case when is_known then label_known_at else period_end end')) }} as age
from rows_of_periods_that_are_over
