-- One row per period: what the quality of scores will turn out to be, before any label is in; over 65,536 cells of the score.
with points as (
    select period, {{ score_cell('score') }} as score, count(*) as rows from scored group by all
),

calibrate as ({{ calibrated('points') }}),

measure as ({{ quality_of_counts('calibrate', by=['period'], positives='rows * probability') }})

select period, roc_auc, pr_auc, log_loss, brier from measure
