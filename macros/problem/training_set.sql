{#- One row per row of the cohort whose outcome is known, and version of its label: features, label, when that was known. -#}
{% macro training_set(problem, entity, label, as_of='as_of') -%}
    with features as (select * from {{ ref(problem ~ '__features') }}),

    labels as (select * from {{ ref(problem ~ '__labels') }})

    select
        features.*,
        labels.{{ label }},
        labels.label_known_at
    from features
    inner join labels using ({{ entity }}, {{ as_of }})
{%- endmacro %}
