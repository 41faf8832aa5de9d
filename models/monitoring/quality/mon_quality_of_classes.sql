-- One row per problem of classes, scorer, period and metric: how good the probabilities of the classes were.
{{ config(materialized='incremental', tags=['once_a_day'], incremental_strategy='delete+insert', unique_key=['problem', 'grain', 'period']) }}
{%- set changed = labels_changed('multiclass') %}
with class_scores as (
    select *, cast(as_of as date) as day from {{ ref('mon_class_scores') }} where is_true is not null
),

scores_by_scorer as (
    select problem, 'champion' as scorer, entity_id, as_of, day, class, score, is_true from class_scores
    union all
    select problem, 'rule', entity_id, as_of, day, class, rule_score, is_true from class_scores
    union all
    select problem, model_version, entity_id, as_of, day, class, score, is_true from class_scores
),

-- of equal probabilities the class whose name comes first
predicted_classes as (
    select *, row_number() over (partition by problem, scorer, entity_id, as_of order by score desc, class) = 1 as is_predicted
    from scores_by_scorer
),

rows_by_period as (
    {{ periods_of_scorers('predicted_classes') }}
),

open_periods as (
    {{ open_periods('rows_by_period', changed) }}
),

metrics as (
    {{ quality_of_classes('open_periods', by=['problem', 'scorer', 'grain', 'period', 'last_day'], overlaps=ref('mon_label_overlap'), overlap_by=['problem', 'grain', 'period']) }}
)

select * from metrics
