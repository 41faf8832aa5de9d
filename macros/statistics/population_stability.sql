{#- The population stability index as an aggregate over cells: sum of (p - q) ln(p / q).

    expected, actual   expressions: counts in a cell, null where the cell was never hit
    expected_n, actual_n  expressions: the totals, the same in every cell of a group
    Half a row is added to every cell, so that an empty cell is rare and not impossible.
    Source: Siddiqi, Credit Risk Scorecards, 2006. Symmetric; 0 means equal shares. -#}
{% macro population_stability(expected, actual, expected_n, actual_n) -%}
    {%- set q = "((coalesce(" ~ expected ~ ", 0) + 0.5) / (" ~ expected_n ~ " + 0.5))" -%}
    {%- set p = "((coalesce(" ~ actual ~ ", 0) + 0.5) / (" ~ actual_n ~ " + 0.5))" -%}
    sum(({{ p }} - {{ q }}) * ln({{ p }} / {{ q }}))
{%- endmacro %}
