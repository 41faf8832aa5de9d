{#- The expressions that measures aggregate, as argument → list, for `_pit_check`. -#}
{% macro _pit_uses(measures) -%}
    {%- set uses = {} -%}
    {%- for out, spec in measures.items() if spec is not string -%}
        {%- do uses.update({'measures.' ~ out: spec[1:2]}) -%}
    {%- endfor -%}
    {{ return(uses) }}
{%- endmacro %}
