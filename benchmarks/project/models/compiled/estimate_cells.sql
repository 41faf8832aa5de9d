-- One row per period: what the quality of calibrated scores will turn out to be, before any label is in; over 65,536 cells of the score.
with expected_labels as (
    select period, {{ score_cell('score') }} as score, count(*) as rows, sum(score) as positives
    from scored
    group by all
),

measure as ({{ quality_of_counts('expected_labels', by=['period']) }})

select period, roc_auc, pr_auc, log_loss, brier from measure
