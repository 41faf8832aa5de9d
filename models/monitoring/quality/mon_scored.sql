-- One row per prediction of any problem, as it was made, with its outcome once that is known.
with silence as (
    select problem, min(known_through) as known_through from {{ ref('mon_silent_labels') }} group by problem
),

-- Nothing happened, or nobody told: while a source of the labels is silent, what became known since is not known.
outcomes as (
    select
        outcomes.* replace (
            {%- for column in ['label', 'observed_label', 'label_known_at', 'outcome', 'outcome_class'] %}
            case when outcomes.label_known_at > silence.known_through then null else outcomes.{{ column }} end as {{ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        )
    from {{ ref('mon_outcomes') }} as outcomes
    left join silence on silence.problem = outcomes.problem
),

first_predictions as (
    {{ first_predictions() }}
)

select
    outcomes.problem,
    outcomes.entity_id,
    outcomes.as_of,
    case when original.number is null then outcomes.model_version else original.model_version end as model_version,
    -- what a number claims is no column of its own: eight in ten
    case when original.number is null or outcomes.task = 'regression' then outcomes.score else original.score end as score,
    case when original.number is null or outcomes.task = 'regression' then outcomes.rule_score else original.rule_score end as rule_score,
    case when original.number is null then outcomes.flagged else original.flagged end as flagged,
    {%- for label in ['label', 'observed_label'] %}
    case
        when original.number is null or coalesce(outcomes.task, 'binary') = 'binary' then outcomes.{{ label }}
        when outcomes.task = 'regression' then
            outcomes.outcome between {{ json_number('original.answer', "'low_80'") }} and {{ json_number('original.answer', "'high_80'") }}
        else outcomes.outcome_class = json_extract_string(original.answer, '$.predicted')
    end as {{ label }},
    {%- endfor %}
    outcomes.label_known_at,
    outcomes.task,
    case when original.number is null or coalesce(outcomes.task, '') <> 'regression' then outcomes.number else original.score end as number,
    case when original.number is null or coalesce(outcomes.task, '') <> 'regression' then outcomes.rule_number else original.rule_score end as rule_number,
    outcomes.outcome,
    outcomes.outcome_class
from outcomes
left join first_predictions as original
    on original.problem = outcomes.problem
    and original.entity_id = cast(outcomes.entity_id as {{ dbt.type_string() }})
    and original.as_of = outcomes.as_of
