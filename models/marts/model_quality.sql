-- One row per problem, scorer and period (all, month, week): the quality of live predictions whose outcome is known.
with quality as (select * from {{ ref('mon_quality') }})

select
    problem,
    scorer,
    grain,
    case when grain <> 'all' then period end as period_start,
    rows_labelled,
    positives,
    cast(positives as double) / rows_labelled as positive_rate,
    roc_auc,
    pr_auc,
    log_loss,
    brier
from quality
