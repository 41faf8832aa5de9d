{#- The latest midnight UTC at which the turn of a cadence came: the first of a quarter or month, Monday, every other Monday, today. -#}
{% macro turn_of_cadence(cadence, at) -%}
    {%- set monday = "date_trunc('week', " ~ at ~ ")" -%}
    {#- Fortnights are counted from the first Monday of the calendar, as `ml/retraining.py` does: day 719163 is 1970-01-01. -#}
    cast(case {{ cadence }}
        when 'quarterly' then date_trunc('quarter', {{ at }})
        when 'monthly' then date_trunc('month', {{ at }})
        when 'fortnightly' then {{ monday }} - case when floor(({{ days_since_1970('cast(' ~ monday ~ ' as date)') }} + 719163) / 7) % 2 = 1
            then interval 7 days else interval 0 days end
        when 'weekly' then {{ monday }}
        when 'daily' then date_trunc('day', {{ at }})
    end as timestamp)
{%- endmacro %}
