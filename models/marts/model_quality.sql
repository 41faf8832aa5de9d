-- One row per problem, scorer and period (all, recent, month, week): the quality of live predictions whose outcome is known.
with quality as (select * from {{ ref('mon_quality') }})

select
    problem,
    scorer,
    grain,
    case when grain in ('month', 'week') then period end as period_start,
    rows_labelled,
    positives,
    cast(positives as double) / rows_labelled as positive_rate,
    roc_auc,
    roc_auc_low,
    roc_auc_high,
    pr_auc,
    pr_auc_low,
    pr_auc_high,
    log_loss,
    log_loss_low,
    log_loss_high,
    brier,
    clusters as days
from quality
