{#- One row per prediction, in the form that monitors of any problem read, with its outcome once that is known. -#}
{% macro outcomes(problem, entity, label, as_of='as_of') -%}
    with predictions as (select * from {{ ref(problem ~ '__predictions') }}),

    labels as (
        {{ label_in_force(ref(problem ~ '__labels'), entity=entity, label=label, as_of=as_of) }}
    )

    select
        predictions.{{ entity }} as entity_id,
        predictions.{{ as_of }}{{ ' as as_of' if as_of != 'as_of' }},
        predictions.model_version,
        predictions.score,
        predictions.rule_score,
        predictions.flagged,
        {%- for column in columns_of_task(problem) %}
        predictions.{{ column }},
        {%- endfor %}
        labels.label,
        labels.label_known_at,
        labels.observed_label,
        labels.observed_known_at
    from predictions
    left join labels using ({{ entity }}, {{ as_of }})
{%- endmacro %}
