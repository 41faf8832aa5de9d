{#- The sum of fractions as a double, the same bits in whatever order the rows come: they are added as decimals of 18 digits.

    value  expression: its sum stays below 1e19, as shares, losses and counts of pairs do; `ordered_sum` takes what has a unit of its own
    over   a window, if it is to be a sum over one -#}
{% macro exact_sum(value, over=none) -%}
    cast(sum(cast({{ value }} as decimal(38, 18))){{ ' over (' ~ over ~ ')' if over }} as double)
{%- endmacro %}
