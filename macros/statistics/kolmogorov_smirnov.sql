{#- The Kolmogorov–Smirnov distance as an aggregate over cells in order: the largest distance of the running shares.

    expected_so_far, actual_so_far  expressions: running counts up to and including the cell
    expected_n, actual_n            expressions: the totals, the same in every cell of a group
    Over distinct values it is scipy.stats.ks_2samp's statistic, over cells a lower bound of it: what happens inside a cell
    is not seen. -#}
{% macro kolmogorov_smirnov(expected_so_far, actual_so_far, expected_n, actual_n) -%}
    max(abs({{ expected_so_far }} / cast({{ expected_n }} as double) - {{ actual_so_far }} / cast({{ actual_n }} as double)))
{%- endmacro %}
