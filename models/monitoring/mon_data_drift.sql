-- One row per problem, feature or label, and week of the data: how far it is from the first four weeks and from the week before.
with profiles as (
    select *, cast(date_trunc('week', day) as date) as week from {{ ref('mon_data_profiles') }}
),

weeks as (
    select problem, feature, week, cell, cell_name, is_outside, sum(rows) as rows from profiles group by all
),

first_weeks as (
    select problem, feature, cell_name, cell, sum(rows) as rows
    from profiles
    where day < (select min(day) + interval 28 days from profiles as everything where everything.problem = profiles.problem)
    group by all
),

asked as (select distinct problem, feature, week from weeks),

week_before as (
    select weeks.problem, weeks.feature, asked.week, weeks.cell, weeks.cell_name, weeks.rows
    from weeks
    inner join asked
        on asked.problem = weeks.problem and asked.feature = weeks.feature and asked.week = weeks.week + interval 7 days
),

against_the_first as (
    {{ paired_counts(
        '(select asked.week, first_weeks.* from first_weeks inner join asked using (problem, feature))', 'weeks',
        by=['problem', 'feature', 'week', 'cell'], at='cell_name') }}
),

against_the_week_before as (
    {{ paired_counts(
        'week_before', 'weeks',
        by=['problem', 'feature', 'week', 'cell'], at='cell_name') }}
),

since_the_first as (
    {{ compare_counts('against_the_first', by=['problem', 'feature', 'week'], at='cell_name', numeric=false) }}
),

since_the_week_before as (
    {{ compare_counts('against_the_week_before', by=['problem', 'feature', 'week'], at='cell_name', numeric=false) }}
),

-- only numbers have an order
in_order as (
    {{ compare_counts('(select * from against_the_first where cell is not null)', by=['problem', 'feature', 'week'], at='cell') }}
),

rates as (
    select
        problem,
        feature,
        week,
        cast(coalesce(sum(rows) filter (where cell_name = 'missing'), 0) as double) / sum(rows) as missing,
        cast(coalesce(sum(rows) filter (where is_outside), 0) as double) / sum(rows) as out_of_range
    from weeks
    group by all
)

select
    problem,
    feature,
    week,
    since_the_first.rows_actual as rows,
    since_the_first.psi,
    since_the_first.jensen_shannon,
    in_order.ks,
    since_the_week_before.psi as psi_previous,
    since_the_week_before.jensen_shannon as jensen_shannon_previous,
    rates.missing,
    rates.out_of_range
from since_the_first
left join in_order using (problem, feature, week)
left join since_the_week_before using (problem, feature, week)
left join rates using (problem, feature, week)
