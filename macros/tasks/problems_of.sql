{#- The names of the problems of some tasks, as they are declared. -#}
{% macro problems_of(tasks) -%}
    {%- set found = [] -%}
    {%- for problem in var('problems') if task_of(problem) in tasks -%}
        {%- do found.append(problem) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
