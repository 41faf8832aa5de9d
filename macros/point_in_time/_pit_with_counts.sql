{#- Add to a plan, for every input that is summed, the count of its values: what tells a sum of zero from a sum over nothing. -#}
{% macro _pit_with_counts(plan) -%}
    {%- for how in plan.parts.values() | list if how[0] in ['sum', 'sum_of_squares'] -%}
        {%- do plan.parts.update({how[1] ~ '_n': ['count', how[1], 0]}) -%}
    {%- endfor -%}
{%- endmacro %}
