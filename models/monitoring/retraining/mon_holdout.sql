-- One row per model version: the rows that it was judged on, and how far these are from those of the version before, by the scores of that version.
with model_versions as (
    select
        *,
        lag(model_version) over (partition by problem order by trained_as_of, trained_at) as previous
    from {{ ref('ledger_model_versions') }}
),

-- What a version says of its own holdout stands in its training profile, and what it says of the holdout of the version after it was counted
-- when that was trained, in the same cells: the model is the same, only the rows are others.
-- Twenty groups of cells: the index counts the noise of each cell, and a holdout may have hardly more rows than cells.
scores as (
    select profiles.problem, profiles.model_version, stage, day, coalesce(cells.cell_group, profiles.cell) as cell, sum(profiles.rows) as rows
    from {{ ref('ledger_profiles') }} as profiles
    left join {{ ref('mon_cells') }} as cells
        on cells.problem = profiles.problem and cells.model_version = profiles.model_version and cells.feature = profiles.feature
        and cells.cell = profiles.cell
    where profiles.feature = 'score' and stage in ('training', 'holdout')
    group by all
),

cells_of_both as (
    select v.problem, v.model_version, scores.cell, scores.rows as rows_now, null as rows_before
    from model_versions as v
    inner join scores
        on scores.problem = v.problem and scores.model_version = v.previous
        and scores.stage = 'holdout' and scores.day = cast(v.trained_as_of as date)
    union all
    select v.problem, v.model_version, scores.cell, null, scores.rows
    from model_versions as v
    inner join scores on scores.problem = v.problem and scores.model_version = v.previous and scores.stage = 'training'
),

cells as (
    select problem, model_version, cell, sum(rows_now) as rows_now, sum(rows_before) as rows_before from cells_of_both group by all
),

totals as (
    select
        *,
        sum(rows_now) over everything as now_n,
        sum(rows_before) over everything as before_n
    from cells
    window everything as (partition by problem, model_version)
),

score_drift as (
    select
        problem,
        model_version,
        {{ population_stability('rows_before', 'rows_now', 'before_n', 'now_n') }} as score_psi
    from totals
    where now_n is not null and before_n is not null
    group by all
)

select
    v.problem,
    v.model_version,
    v.previous,
    v.trained_as_of,
    v.holdout_from,
    v.rows_holdout,
    {{ seconds_between('v.holdout_from', 'v.trained_as_of') }} / 86400 as holdout_days,
    score_drift.score_psi
from model_versions as v
left join score_drift on score_drift.problem = v.problem and score_drift.model_version = v.model_version
