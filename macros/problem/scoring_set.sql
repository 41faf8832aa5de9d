{#- One row per row of the cohort: what a model may see of it when it is scored. -#}
{% macro scoring_set(problem) -%}
    with features as (select * from {{ ref(problem ~ '__features') }})

    select * from features
{%- endmacro %}
