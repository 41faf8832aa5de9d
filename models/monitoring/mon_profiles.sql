-- One row per problem, model version, day, feature and cell of serving: how many rows, labels that are known included.
with profiles as (select * from {{ ref('profiles') }} where stage = 'serving'),

scored as (select * from {{ ref('mon_scored') }} where label is not null),

-- What training saw of the label stands in the profile, what happened since in the outcomes. Its cells are those of a number
-- with the edges 0 and 1: cell 2 holds false, cell 3 true.
count_the_labels as (
    select problem, model_version, cast(as_of as date) as day, 'label' as feature, 2 + cast(label as integer) as cell, count(*) as rows
    from scored
    group by all
),

unite as (
    select problem, model_version, day, feature, cell, rows from profiles
    union all
    select problem, model_version, day, feature, cell, rows from count_the_labels
)

select problem, model_version, day, feature, cell, cast(sum(rows) as bigint) as rows
from unite
group by all
