{#- The Jensen–Shannon distance as an aggregate over cells: 0 where all shares are equal, 1 where no cell is shared.

    expected, actual      expressions: counts in a cell; null means 0
    expected_n, actual_n  expressions: the totals, the same in every cell of a group
    The square root of the divergence, base 2: what scipy.spatial.distance.jensenshannon(p, q, base=2) returns.
    Source: Lin, Divergence measures based on the Shannon entropy, 1991. -#}
{% macro jensen_shannon(expected, actual, expected_n, actual_n) -%}
    {%- set p = "(coalesce(" ~ expected ~ ", 0) / cast(" ~ expected_n ~ " as double))" -%}
    {%- set q = "(coalesce(" ~ actual ~ ", 0) / cast(" ~ actual_n ~ " as double))" -%}
    {%- set both = "(" ~ p ~ " + " ~ q ~ ")" -%}
    {%- set of_p = "case when " ~ p ~ " > 0 then " ~ p ~ " * ln(2 * " ~ p ~ " / " ~ both ~ ") else 0 end" -%}
    {%- set of_q = "case when " ~ q ~ " > 0 then " ~ q ~ " * ln(2 * " ~ q ~ " / " ~ both ~ ") else 0 end" -%}
    sqrt(abs({{ ordered_sum(of_p ~ " + " ~ of_q) }}) / (2 * ln(2)))
{%- endmacro %}
