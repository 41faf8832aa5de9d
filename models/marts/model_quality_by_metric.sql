-- One row per problem of any task, scorer, period (all, recent, month, week) and metric: the quality of live predictions whose outcome is known.
with quality as (select * from {{ ref('mon_quality_by_metric') }})

select
    problem,
    scorer,
    grain,
    case when grain in ('month', 'week') then period end as period_start,
    metric,
    value,
    low,
    high,
    better_when,
    rows_labelled,
    clusters as days
from quality
