-- One row per problem, scorer (champion, rule) and period (week, the last four weeks): live quality with its interval by day.
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['problem', 'scorer', 'grain', 'period']) }}

with scored as (
    select * from {{ ref('mon_scored') }}
    where label is not null and {{ open_days('as_of', column='period') }}
),

name_the_scorers as (
    select problem, 'champion' as scorer, as_of, label, score from scored
    union all
    select problem, 'rule', as_of, label, rule_score from scored
),

-- On cells, so that a day is summed once for both of its periods.
count_by_day as (
    select
        problem,
        scorer,
        cast(as_of as date) as day,
        cast(date_trunc('week', as_of) as date) as week,
        {{ score_cell('score') }} as score,
        count(*) as rows,
        count_if(label) as positives
    from name_the_scorers
    group by all
),

last_days as (select problem, max(day) as last_day from count_by_day group by problem),

name_the_periods as (
    select *, 'week' as grain, week as period from count_by_day
    -- a week of which only the end is read anew stays as it is
    where {{ open_days('week', column='period') }}
    union all
    -- four weeks: every weekday four times, and 28 days as witnesses
    select count_by_day.*, 'recent', date '1970-01-01'
    from count_by_day
    inner join last_days using (problem)
    where day > last_day - 28
),

measure as (
    {{ quality_with_intervals('name_the_periods', ['problem', 'scorer', 'grain', 'period']) }}
)

select measure.*, last_days.last_day
from measure
inner join last_days using (problem)
