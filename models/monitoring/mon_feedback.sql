-- One row per problem on which people remarked: what they said, and how live quality reads with and without their corrections.
with remarks as (select * from {{ ref('stg_feedback__remarks') }}),

by_row as (select * from {{ ref('int_feedback__by_row') }}),

scored as (
    select * from {{ ref('mon_scored') }}
    where label is not null and problem in (select problem from by_row)
),

count_the_remarks as (
    select
        problem,
        count(*) as remarks,
        count(distinct author) as authors,
        count(comment) as comments,
        max(known_at) as last_remark_at
    from remarks
    group by problem
),

count_the_rows as (
    select problem, count(*) as rows_remarked, count(corrected_label) as rows_corrected
    from by_row
    group by problem
),

hold_against_the_outcome as (
    select scored.*, coalesce(by_row.corrected_label, scored.observed_label) as label_by_people
    from scored
    left join by_row
        on by_row.problem = scored.problem and by_row.entity_id = scored.entity_id and by_row.row_as_of = scored.as_of
),

count_the_changes as (
    select
        problem,
        cast(count_if(label_by_people <> observed_label) as bigint) as outcomes_disputed,
        cast(count_if(label <> observed_label) as bigint) as labels_changed
    from hold_against_the_outcome
    group by problem
),

name_the_truths as (
    select problem, 'corrected' as truth, label_by_people as label, score from hold_against_the_outcome
    union all
    select problem, 'observed', observed_label, score from hold_against_the_outcome
),

measure as (
    {{ binary_quality('name_the_truths', by=['problem', 'truth']) }}
)

select
    count_the_remarks.*,
    count_the_rows.rows_remarked,
    count_the_rows.rows_corrected,
    coalesce(count_the_changes.outcomes_disputed, 0) as outcomes_disputed,
    coalesce(count_the_changes.labels_changed, 0) as labels_changed,
    corrected.rows_labelled,
    observed.positives as positives_observed,
    corrected.positives as positives_corrected,
    observed.roc_auc as roc_auc_observed,
    corrected.roc_auc as roc_auc_corrected,
    observed.pr_auc as pr_auc_observed,
    corrected.pr_auc as pr_auc_corrected,
    observed.log_loss as log_loss_observed,
    corrected.log_loss as log_loss_corrected
from count_the_remarks
inner join count_the_rows using (problem)
left join count_the_changes using (problem)
left join measure as corrected on corrected.problem = count_the_remarks.problem and corrected.truth = 'corrected'
left join measure as observed on observed.problem = count_the_remarks.problem and observed.truth = 'observed'
