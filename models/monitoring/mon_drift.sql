-- One row per problem, model version, feature and week of serving: how far the served rows are from the training rows.
with profiles as (select * from {{ ref('profiles') }}),

scored as (select * from {{ ref('mon_scored') }} where label is not null),

-- What training saw of the label stands in the profile, what happened since in the outcomes. Its cells are those of a number
-- with the edges 0 and 1: cell 2 holds false, cell 3 true.
count_the_labels as (
    select problem, model_version, cast(as_of as date) as day, 'label' as feature, 2 + cast(label as integer) as cell, count(*) as rows
    from scored
    group by all
),

count_by_week as (
    select problem, model_version, feature, cast(date_trunc('week', day) as date) as week, cell, sum(rows) as rows
    from (
        select problem, model_version, day, feature, cell, rows from profiles where stage = 'serving'
        union all
        select problem, model_version, day, feature, cell, rows from count_the_labels
    )
    group by all
),

trained as (select * from profiles where stage = 'training'),

-- Every cell of either side: a cell that one side never hit is where drift shows first.
pair_the_cells as (
    select
        coalesce(w.problem, t.problem) as problem,
        coalesce(w.model_version, t.model_version) as model_version,
        coalesce(w.feature, t.feature) as feature,
        coalesce(w.week, t.week) as week,
        t.rows as trained_rows,
        w.rows as served_rows
    from count_by_week as w
    full join (
        select trained.*, weeks.week
        from trained
        inner join (select distinct problem, model_version, feature, week from count_by_week) as weeks
            using (problem, model_version, feature)
    ) as t using (problem, model_version, feature, week, cell)
),

total as (
    select
        *,
        sum(trained_rows) over everything as trained_n,
        sum(served_rows) over everything as served_n
    from pair_the_cells
    window everything as (partition by problem, model_version, feature, week)
),

compare as (
    select
        problem,
        model_version,
        feature,
        week,
        cast(max(trained_n) as bigint) as rows_trained,
        cast(max(served_n) as bigint) as rows_served,
        {{ population_stability('trained_rows', 'served_rows', 'trained_n', 'served_n') }} as psi
    from total
    group by all
)

select * from compare
