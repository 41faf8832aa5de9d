{#- A condition: the scores of the problem are probabilities, in the same cells for every version.
    problem  expression: its name -#}
{% macro has_probabilities(problem='problem') -%}
    {%- set others = problems_of(['regression']) -%}
    {%- if others -%} {{ problem }} not in ('{{ others | join("', '") }}') {%- else -%} true {%- endif -%}
{%- endmacro %}
