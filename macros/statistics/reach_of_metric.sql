{#- The columns low and high of a metric from value, se and freedom: 95 %, cut to what it can be (`most`; never below 0, but for R²), null
    below three degrees of freedom. Two columns of a SELECT. -#}
{% macro reach_of_metric() -%}
    case when se >= 0 and freedom >= 3 then
        greatest(value - se * {{ student_quantile('freedom') }}, case when metric = 'r2' then cast('-infinity' as double) else 0 end)
    end as low,
    case when se >= 0 and freedom >= 3 then least(value + se * {{ student_quantile('freedom') }}, cast(most as double)) end as high
{%- endmacro %}
