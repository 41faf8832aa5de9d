-- One row per problem, scorer (champion, rule) and period (week, the last four weeks): live quality with its interval by day.
with scored as (select * from {{ ref('mon_scored') }} where label is not null),

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
        {{ score_cell('score') }} as score,
        count(*) as rows,
        count_if(label) as positives
    from name_the_scorers
    group by all
),

last_days as (select problem, max(day) as last_day from count_by_day group by problem),

name_the_periods as (
    select *, 'week' as grain, cast(date_trunc('week', day) as date) as period from count_by_day
    union all
    -- four weeks: every weekday four times, and 28 days as witnesses
    select count_by_day.*, 'recent', last_day - 27
    from count_by_day
    inner join last_days using (problem)
    where day > last_day - 28
),

measure as (
    {{ quality_with_intervals('name_the_periods', ['problem', 'scorer', 'grain', 'period']) }}
)

select * from measure
