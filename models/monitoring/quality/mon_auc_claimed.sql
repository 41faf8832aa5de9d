-- One row per problem and day: how well scores ordered the rows, by their labels, beside how well they claim to.
{{ config(materialized='incremental', tags=['once_a_day'], incremental_strategy='delete+insert', unique_key=['problem', 'day']) }}
{%- set changed = oldest_change(
    labels_by_period(), 'select problem, day as period, rows_labelled as labels, positives from ' ~ this
) %}
with scored as (
    select *, cast(as_of as date) as day
    from {{ ref('mon_scored') }}
    where {{ open_days('as_of', column='day', changed=changed) }}
),

-- A score that is right is the share of rows with it that come true: what it claims is a label of so much.
points as (
    select problem, day, 'claimed' as who, score, 1 as rows, score as positives from scored where label is not null
    union all
    select problem, day, 'realised', score, 1, cast(label as integer) from scored where label is not null
),

areas as (
    {{ quality_of_counts('points', by=['problem', 'day', 'who']) }}
),

rows_by_day as (
    select problem, day, count(*) as rows, count(label) as rows_labelled, count_if(label) as positives from scored group by all
)

select
    rows_by_day.problem,
    rows_by_day.day,
    rows_by_day.rows,
    rows_by_day.rows_labelled,
    rows_by_day.positives,
    claimed.roc_auc as claimed,
    realised.roc_auc as realised,
    -- of the same rows, so that a day with easy flights is not taken for a better model
    claimed.roc_auc - realised.roc_auc as lost
from rows_by_day
left join areas as claimed
    on claimed.problem = rows_by_day.problem and claimed.day = rows_by_day.day and claimed.who = 'claimed'
left join areas as realised
    on realised.problem = rows_by_day.problem and realised.day = rows_by_day.day and realised.who = 'realised'
