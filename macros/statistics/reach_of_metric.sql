{#- The columns low and high of a metric from value, se and clusters: 95 %, cut to what it can be (`most`; never below 0, but for R²), null
    below four clusters. Two columns of a SELECT. -#}
{% macro reach_of_metric() -%}
    case when se >= 0 and clusters > 3 then
        greatest(value - se * {{ student_quantile('(clusters - 1)') }}, case when metric = 'r2' then cast('-infinity' as double) else 0 end)
    end as low,
    case when se >= 0 and clusters > 3 then least(value + se * {{ student_quantile('(clusters - 1)') }}, cast(most as double)) end as high
{%- endmacro %}
