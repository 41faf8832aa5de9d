{#- The sum of doubles of any size, the same bits in whatever order the rows come: they are added from the lowest up. It sorts, which
    is dear for many rows.

    value  expression: a double
    FILTER may follow. -#}
{% macro ordered_sum(value) -%}
    sum({{ value }} order by {{ value }})
{%- endmacro %}
