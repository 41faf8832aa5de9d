{#- The variance of (mean of a slice - mean of the rest), clustered by day: an aggregate over the days of the slice.

    n, x       expressions: rows and sum of values of the slice on a day
    all_n, all_x                 the same of all rows on that day
    rate, rest, slice_n, rest_n  the two means and the row counts behind them, the same on every day of the slice
    days, nn, nx, xx             over all days: their number, the sums of all_n², all_n · all_x and all_x²
    A day on which the slice has no rows still varies the rest: it is in `all days less those of the slice`.
    Source: linearisation of a difference of ratios, Cochran, Sampling Techniques, 1977, chapter 6. -#}
{% macro clustered_variance(n, x, all_n, all_x, rate, rest, slice_n, rest_n, days, nn, nx, xx) -%}
    {%- set alone = '((' ~ all_x ~ ' - ' ~ rest ~ ' * ' ~ all_n ~ ') / ' ~ rest_n ~ ')' -%}
    {%- set inside = '((' ~ x ~ ' - ' ~ rate ~ ' * ' ~ n ~ ') / ' ~ slice_n ~ ' - (' ~ all_x ~ ' - ' ~ x ~ ' - ' ~ rest ~ ' * (' ~ all_n ~ ' - ' ~ n ~ ')) / ' ~ rest_n ~ ')' -%}
    max({{ days }}) / (max({{ days }}) - 1.0) * greatest(0,
        sum({{ inside }} * {{ inside }} - {{ alone }} * {{ alone }})
        + (max({{ xx }}) - 2 * max({{ rest }}) * max({{ nx }}) + max({{ rest }}) * max({{ rest }}) * max({{ nn }}))
        / (max({{ rest_n }}) * max({{ rest_n }})))
{%- endmacro %}
