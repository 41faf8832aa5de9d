{#- The population stability index as an aggregate over cells: sum of (p - q) ln(p / q).

    expected, actual   expressions: counts in a cell, null where the cell was never hit
    expected_n, actual_n  expressions: the totals, the same in every cell of a group; null where a side has no row, and the index is null
    Half a row is added to every cell that either side hit, and so to the totals: an empty cell is rare and not impossible, and the
    shares sum to 1. `ml.statistics.profile.psi` is the same. With L = ln((a + .5) / (e + .5)) the totals inside the logarithm cancel out.
    Source: Siddiqi, Credit Risk Scorecards, 2006; half a row: Jeffreys' prior. Symmetric; 0 means equal shares. -#}
{% macro population_stability(expected, actual, expected_n, actual_n) -%}
    {%- set e = "(coalesce(" ~ expected ~ ", 0) + 0.5e0)" -%}
    {%- set a = "(coalesce(" ~ actual ~ ", 0) + 0.5e0)" -%}
    {%- set hit = "filter (where " ~ e ~ " + " ~ a ~ " > 1)" -%}
    case when max({{ expected_n }}) > 0 and max({{ actual_n }}) > 0 then greatest(
        {{ ordered_sum(a ~ ' * ln(' ~ a ~ ' / ' ~ e ~ ')') }} {{ hit }} / sum({{ a }}) {{ hit }}
        - {{ ordered_sum(e ~ ' * ln(' ~ a ~ ' / ' ~ e ~ ')') }} {{ hit }} / sum({{ e }}) {{ hit }},
        0
    ) end
{%- endmacro %}
