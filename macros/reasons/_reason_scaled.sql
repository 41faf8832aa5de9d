{#- Third step: the number as it is said, in percent for a share; and the seconds of a duration, null for another unit. Fields of a
    struct. -#}
{% macro _reason_scaled() -%}
    {%- set size = "one['size']" -%}
    amount := case one['unit']
        when 'share' then case when {{ size }} >= 0.01 then round(100 * {{ size }}) else 100 * {{ size }} end
        when 'count' then case when {{ size }} >= 0.5 then round({{ size }}) else {{ size }} end
        when 'money' then case when {{ size }} >= 99.995 then round({{ size }}) else round({{ size }}, 2) end
        else {{ size }}
    end,
    seconds := {{ size }} * case one['unit']
        when 'seconds' then 1
        when 'minutes' then 60
        when 'hours' then 3600
        when 'days' then 86400
    end
{%- endmacro %}
