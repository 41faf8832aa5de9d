-- One row per problem of numbers, scorer, period and metric: how far predictions were from the truth, and how often it lay in their intervals.
{{ config(materialized='incremental', tags=['once_a_day'], incremental_strategy='delete+insert', unique_key=['problem', 'grain', 'period']) }}
{%- set changed = labels_changed('regression') %}
with scored as (
    select *, cast(as_of as date) as day from {{ ref('mon_scored') }} where task = 'regression' and outcome is not null
),

-- What the intervals of 95 % held stands with the predictions; those of 80 % are what the claims are made of.
intervals as (
    {{ no_rows({'problem': 'varchar', 'entity_id': 'varchar', 'as_of': 'timestamp', 'low_95': 'double', 'high_95': 'double', 'share': 'double'}) }}
    {%- for problem in var('problems') %}
    {%- set outcomes, metric = ref(problem ~ '__outcomes'), declared_problem(problem).metric %}
    {%- if task_of(problem) == 'regression' %}
    union all
    select '{{ problem }}', cast(entity_id as varchar), as_of, low_95, high_95,
        {{ (metric | replace('pinball_', '') | int) / 100 if metric.startswith('pinball_') else 'null' }}
    from {{ outcomes }}
    {%- endif %}
    {%- endfor %}
),

first_predictions as (
    {{ first_predictions() }}
),

rows_with_intervals as (
    select
        scored.*,
        intervals.share,
        scored.label as within_80,
        -- what was said at the time is judged
        scored.outcome between coalesce({{ json_number('original.answer', "'low_95'") }}, low_95)
            and coalesce({{ json_number('original.answer', "'high_95'") }}, high_95) as within_95
    from scored
    inner join intervals using (problem, entity_id, as_of)
    left join first_predictions as original
        on original.problem = scored.problem and original.entity_id = scored.entity_id and original.as_of = scored.as_of
),

rows_by_scorer as (
    select problem, 'champion' as scorer, day, number, outcome, share, within_80, within_95 from rows_with_intervals
    union all
    select problem, 'rule', day, rule_number, outcome, share, null, null from rows_with_intervals
    union all
    select problem, model_version, day, number, outcome, share, within_80, within_95 from rows_with_intervals
),

rows_by_period as (
    {{ periods_of_scorers('rows_by_scorer') }}
),

open_periods as (
    {{ open_periods('rows_by_period', changed) }}
),

metrics as (
    {{ quality_of_numbers('open_periods', by=['problem', 'scorer', 'grain', 'period', 'last_day'], overlaps=ref('mon_label_overlap'), overlap_by=['problem', 'grain', 'period']) }}
)

select * from metrics
