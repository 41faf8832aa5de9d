{#- What acting on a row is worth on average, in units of the declared costs: the miss that is spared if it comes true, less the
    false alarm if it does not. An expression. -#}
{% macro expected_value_of_acting(problem, score) -%}
    {%- set costs = declared_problem(problem).costs -%}
    {{ score }} * cast({{ costs.false_negative | default(1) }} as double) - (1 - {{ score }}) * cast({{ costs.false_positive | default(1) }} as double)
{%- endmacro %}
