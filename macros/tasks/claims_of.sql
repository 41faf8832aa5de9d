{#- One row per prediction of a problem, in the columns that predictions of all tasks share: what it claims, how probable it says that
    is, and whether it came true. A SELECT.

    Of a binary problem the claim is the label, and its score the probability. Of classes it is that the predicted class is the true
    one. Of a number it is that the truth lies in the interval of 80 %: what was predicted and what happened stand in `number` and
    `outcome`, and `rule_number` is what the rule said. -#}
{% macro claims_of(problem) -%}
    {%- set task = task_of(problem) -%}
    {%- set claim = {
        'binary': ['score', 'rule_score', '{0}', 'null', 'null', 'null', 'null'],
        'regression': ['0.8', 'null', '{0} between low_80 and high_80', 'score', 'rule_score', 'label', 'null'],
        'multiclass': ['score', 'rule_score', '{0} = predicted', 'null', 'null', 'null', 'label'],
    }[task] -%}
    select
        '{{ problem }}' as problem,
        '{{ task }}' as task,
        entity_id,
        as_of,
        model_version,
        cast({{ claim[0] }} as double) as score,
        cast({{ claim[1] }} as double) as rule_score,
        flagged,
        {{ claim[2].format('label') }} as label,
        {{ claim[2].format('observed_label') }} as observed_label,
        label_known_at,
        cast({{ claim[3] }} as double) as number,
        cast({{ claim[4] }} as double) as rule_number,
        cast({{ claim[5] }} as double) as outcome,
        cast({{ claim[6] }} as varchar) as outcome_class
    from {{ ref(problem ~ '__outcomes') }}
{%- endmacro %}
