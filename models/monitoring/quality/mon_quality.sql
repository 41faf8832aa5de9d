-- One row per binary problem, scorer (a model version, `champion` for whichever was champion then, `rule`) and period: its live quality.
{{ config(materialized='incremental', tags=['once_a_day'], incremental_strategy='delete+insert', unique_key=['problem', 'grain', 'period']) }}
{%- set changed = oldest_change(
    labels_by_period("cast(date_trunc('week', day) as date)", where=is_binary()),
    "select problem, period, rows_labelled as labels, positives from " ~ this ~ " where scorer = 'champion' and grain = 'week'",
) %}
with scored as (
    select * from {{ ref('mon_scored') }} where label is not null and {{ is_binary() }}
),

scores_by_scorer as (
    select problem, 'champion' as scorer, as_of, label, score from scored
    union all
    select problem, 'rule', as_of, label, rule_score from scored
    union all
    select problem, model_version, as_of, label, score from scored
),

counts_by_day as (
    select problem, scorer, cast(as_of as date) as day, score, count(*) as rows, count_if(label) as positives
    from scores_by_scorer
    group by all
),

last_days as (select problem, max(day) as last_day from counts_by_day group by problem),

scores_by_period as (
    select problem, scorer, 'all' as grain, date '1970-01-01' as period, day, score, rows, positives from counts_by_day
    union all
    -- four weeks: every weekday four times, and 28 days as clusters
    select problem, scorer, 'recent', date '1970-01-01', day, score, rows, positives
    from counts_by_day
    inner join last_days using (problem)
    where day > last_day - 28
    union all
    select problem, scorer, 'month', cast(date_trunc('month', day) as date), day, score, rows, positives from counts_by_day
    union all
    select problem, scorer, 'week', cast(date_trunc('week', day) as date), day, score, rows, positives from counts_by_day
),

open_periods as (
    {{ open_periods('scores_by_period', changed) }}
),

-- The errors of one day are correlated: it is one cluster.
metrics_by_period as (
    {{ quality_with_intervals('open_periods', by=['problem', 'scorer', 'grain', 'period'], overlaps=ref('mon_label_overlap'), overlap_by=['problem', 'grain', 'period']) }}
)

select metrics_by_period.*, last_days.last_day
from metrics_by_period
inner join last_days using (problem)
