-- One row per problem, model version, day, feature and cell of serving: how many rows, labels that are known included.
with profiles as (select * from {{ ref('ledger_profiles') }} where stage = 'serving'),

scored as (
    select *, cast(as_of as date) as day from {{ ref('mon_scored') }} where label is not null
),

-- What training saw of the label stands in the profile, what happened since in the outcomes. Its cells are those of a number
-- with the edges 0 and 1: cell 2 holds false, cell 3 true. Numbers and classes have cells of their own.
label_cells as (
    select problem, model_version, day, 'label' as feature, 2 + cast(label as integer) as cell, count(*) as rows
    from scored
    where {{ is_binary() }}
    group by all
    union all
    select scored.problem, scored.model_version, scored.day, 'label', cells.cell, count(*)
    from scored
    inner join {{ ref('mon_cells') }} as cells
        on cells.problem = scored.problem and cells.model_version = scored.model_version and cells.feature = 'label'
        and case
            when cells.kind = 'level' then scored.outcome_class = cells.name
            when cells.kind = 'below' then scored.outcome < cells.high
            when cells.kind = 'above' then scored.outcome > cells.low
            when cells.low = cells.high then scored.outcome = cells.low
            when cells.kind = 'inside' then scored.outcome >= cells.low and scored.outcome < cells.high
        end
    where not {{ is_binary('scored.problem') }}
    group by all
),

profiles_with_labels as (
    select problem, model_version, day, feature, cell, rows from profiles
    union all
    select problem, model_version, day, feature, cell, rows from label_cells
)

select problem, model_version, day, feature, cell, cast(sum(rows) as bigint) as rows
from profiles_with_labels
group by all
