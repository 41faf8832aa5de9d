{#- Add to a plan, for every input, the count of its values: what tells a sum of zero from a sum over nothing. -#}
{% macro _pit_with_counts(plan) -%}
    {%- for alias in plan.inputs.values() -%}
        {%- do plan.parts.update({alias ~ '_n': ['count', alias, 0]}) -%}
    {%- endfor -%}
{%- endmacro %}
