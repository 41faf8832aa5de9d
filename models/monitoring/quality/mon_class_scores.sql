-- One row per prediction of a problem of classes and class: the probability that model and rule gave it, and whether it was the one.
with scored as (select * from {{ ref('mon_scored') }} where task = 'multiclass'),

first_predictions as (
    {{ first_predictions() }}
),

probabilities as (
    {{ no_rows({'problem': 'varchar', 'entity_id': 'varchar', 'as_of': 'timestamp', 'class': 'varchar', 'score': 'double', 'rule_score': 'double'}) }}
    {%- for problem in var('problems') %}
    {%- set outcomes = ref(problem ~ '__outcomes') %}
    {%- for class in declared_problem(problem).classes or [] %}
    union all
    select '{{ problem }}', cast(entity_id as varchar), as_of, '{{ class }}', score_{{ class }}, rule_{{ class }}
    from {{ outcomes }}
    {%- endfor %}
    {%- endfor %}
)

select
    scored.problem,
    scored.entity_id,
    scored.as_of,
    scored.model_version,
    probabilities.class,
    coalesce(cast(json_extract_string(original.answer, concat('$.score_', probabilities.class)) as double), probabilities.score) as score,
    coalesce(cast(json_extract_string(original.answer, concat('$.rule_', probabilities.class)) as double), probabilities.rule_score) as rule_score,
    scored.outcome_class = probabilities.class as is_true
from scored
inner join probabilities using (problem, entity_id, as_of)
left join first_predictions as original
    on original.problem = scored.problem and original.entity_id = scored.entity_id and original.as_of = scored.as_of
