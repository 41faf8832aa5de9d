{#- The task of a problem: binary, regression or multiclass. -#}
{% macro task_of(problem) -%}
    {{ return(declared_problem(problem).task) }}
{%- endmacro %}
