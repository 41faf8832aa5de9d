{#- The first Wasserstein distance as an aggregate over points in order: how far, on average, a value has to be moved to turn
    one distribution into the other, in the unit of the values. Divide by a spread to compare features.

    expected_so_far, actual_so_far  expressions: running counts up to and including the point
    expected_n, actual_n            expressions: the totals, the same at every point of a group
    step                            expression: distance to the next point; null at the last one
    Over distinct values it is scipy.stats.wasserstein_distance; over cells, each counted at one point, it errs by less than
    the width of a cell. -#}
{% macro wasserstein(expected_so_far, actual_so_far, expected_n, actual_n, step) -%}
    {%- set apart = expected_so_far ~ " / cast(" ~ expected_n ~ " as double) - " ~ actual_so_far ~ " / cast(" ~ actual_n ~ " as double)" -%}
    {{ ordered_sum("abs(" ~ apart ~ ") * coalesce(" ~ step ~ ", 0)") }}
{%- endmacro %}
