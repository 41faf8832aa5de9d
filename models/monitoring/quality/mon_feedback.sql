-- One row per problem on which people remarked: what they said, and how live quality reads with and without their corrections.
with remarks as (select * from {{ ref('stg_feedback__remarks') }}),

by_row as (select * from {{ ref('int_feedback__by_row') }}),

scored as (
    select * from {{ ref('mon_scored') }}
    where label is not null and problem in (select problem from by_row)
),

remarks_by_problem as (
    select
        problem,
        count(*) as remarks,
        count(distinct author) as authors,
        count(comment) as comments,
        max(known_at) as last_remark_at
    from remarks
    group by problem
),

remarked_rows as (
    select problem, count(*) as rows_remarked, count(corrected_label) as rows_corrected
    from by_row
    group by problem
),

outcomes_and_corrections as (
    select scored.*, coalesce(by_row.corrected_label, scored.observed_label) as label_by_people
    from scored
    left join by_row
        on by_row.problem = scored.problem and by_row.entity_id = scored.entity_id and by_row.row_as_of = scored.as_of
),

changed_labels as (
    select
        problem,
        cast(count_if(label_by_people <> observed_label) as bigint) as outcomes_disputed,
        cast(count_if(label <> observed_label) as bigint) as labels_changed
    from outcomes_and_corrections
    group by problem
),

scores_by_truth as (
    select problem, 'corrected' as truth, label_by_people as label, score from outcomes_and_corrections
    union all
    select problem, 'observed', observed_label, score from outcomes_and_corrections
),

metrics_by_truth as (
    {{ binary_quality('scores_by_truth', by=['problem', 'truth']) }}
)

select
    remarks_by_problem.*,
    remarked_rows.rows_remarked,
    remarked_rows.rows_corrected,
    coalesce(changed_labels.outcomes_disputed, 0) as outcomes_disputed,
    coalesce(changed_labels.labels_changed, 0) as labels_changed,
    corrected.rows_labelled,
    observed.positives as positives_observed,
    corrected.positives as positives_corrected,
    observed.roc_auc as roc_auc_observed,
    corrected.roc_auc as roc_auc_corrected,
    observed.pr_auc as pr_auc_observed,
    corrected.pr_auc as pr_auc_corrected,
    observed.log_loss as log_loss_observed,
    corrected.log_loss as log_loss_corrected
from remarks_by_problem
inner join remarked_rows using (problem)
left join changed_labels using (problem)
left join metrics_by_truth as corrected on corrected.problem = remarks_by_problem.problem and corrected.truth = 'corrected'
left join metrics_by_truth as observed on observed.problem = remarks_by_problem.problem and observed.truth = 'observed'
