{#- A condition: the problem asks a yes or a no, so that its quality is that of a probability. No row of a problem is read for it.
    problem  expression: its name -#}
{% macro is_binary(problem='problem') -%}
    {%- set others = problems_of(['regression', 'multiclass']) -%}
    {%- if others -%} {{ problem }} not in ('{{ others | join("', '") }}') {%- else -%} true {%- endif -%}
{%- endmacro %}
