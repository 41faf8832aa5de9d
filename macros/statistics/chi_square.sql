{#- The chi-square statistic of two samples over the same cells, as an aggregate: 0 where all shares are equal. Its degrees of
    freedom are the cells that either side hit, less one; over n rows it grows with n, so compare like with like.

    expected, actual      expressions: counts in a cell; null means 0
    expected_n, actual_n  expressions: the totals, the same in every cell of a group
    The same as scipy.stats.chi2_contingency([expected, actual], correction=False). Source: Pearson 1900. -#}
{% macro chi_square(expected, actual, expected_n, actual_n) -%}
    {%- set a = "coalesce(" ~ expected ~ ", 0)" -%}
    {%- set b = "coalesce(" ~ actual ~ ", 0)" -%}
    {%- set ratio = "sqrt(cast(" ~ actual_n ~ " as double) / " ~ expected_n ~ ")" -%}
    {%- set apart = "(" ~ a ~ " * " ~ ratio ~ " - " ~ b ~ " / " ~ ratio ~ ")" -%}
    {{ ordered_sum(apart ~ " * " ~ apart ~ " / nullif(" ~ a ~ " + " ~ b ~ ", 0)") }}
{%- endmacro %}
