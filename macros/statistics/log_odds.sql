{#- The log-odds of a probability in (0, 1), as double. An expression. -#}
{% macro log_odds(probability) -%}
    ln({{ probability }} / (1 - {{ probability }}))
{%- endmacro %}
