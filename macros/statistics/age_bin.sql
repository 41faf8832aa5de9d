{#- The bin of an age in seconds, finer where labels come fast: a twelfth of the logarithm of minutes, 8 % wide from an hour on.
    Hours and weeks of delay share one scale. Integer from 0; an expression. -#}
{% macro age_bin(seconds) -%}
    cast(floor(12 * ln(1 + greatest({{ seconds }}, 0) / 60)) as integer)
{%- endmacro %}
