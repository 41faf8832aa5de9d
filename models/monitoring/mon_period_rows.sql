-- One row per prediction and grain (day, week) whose period is over: what was known of it when that ended.
{%- set day = "cast(as_of as date)" -%}
{%- set week = "cast(date_trunc('week', as_of) as date)" %}
with clock as (select now from {{ ref('stg_asof__clock') }}),

scored as (select * from {{ ref('mon_scored') }}),

name_the_periods as (
    select *, 'day' as grain, {{ day }} as period, cast({{ day }} + 1 as timestamp) as period_end from scored
    union all
    select *, 'week', {{ week }}, cast({{ week }} + 7 as timestamp) from scored
),

look_from_the_end as (
    select *, coalesce({{ known_before('label_known_at', 'period_end') }}, false) as is_known
    from name_the_periods
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
from look_from_the_end
