{#- The mean of fractions as a double, the same bits in whatever order the rows come; null over nothing.

    value  expression, as in `exact_sum` -#}
{% macro exact_mean(value) -%}
    {{ exact_sum(value) }} / nullif(count({{ value }}), 0)
{%- endmacro %}
