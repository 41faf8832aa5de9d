{#- The middle of the cell of a score on a grid over 0 to 1: counts by it add up over days, and areas and losses computed from
    them stay within 1e-5 of the exact ones with 65,536 cells. Double, never 0 or 1. An expression. -#}
{% macro score_cell(score, cells=65536) -%}
    (cast(floor({{ score }} * {{ cells - 0.000001 }}) as bigint) + 0.5) / {{ cells }}e0
{%- endmacro %}
