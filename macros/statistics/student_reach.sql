{#- The quantile of Student's t, from that of the normal distribution and the degrees of freedom.
    Cornish-Fisher, Abramowitz and Stegun 26.7.5, as in ml/statistics/bootstrap.py. -#}
{% macro student_reach(z, freedom) -%}
    ({{ z }}
        + ({{ z }} ** 3 + {{ z }}) / (4 * {{ freedom }})
        + (5 * {{ z }} ** 5 + 16 * {{ z }} ** 3 + 3 * {{ z }}) / (96 * {{ freedom }} ** 2)
        + (3 * {{ z }} ** 7 + 19 * {{ z }} ** 5 + 17 * {{ z }} ** 3 - 15 * {{ z }}) / (384 * {{ freedom }} ** 3))
{%- endmacro %}
