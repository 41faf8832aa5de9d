{#- The latest slot of a schedule, a midnight UTC: of a year, quarter, month, week, two weeks, day, or so many days. -#}
{% macro schedule_slot(cadence, at) -%}
    {%- set monday = "date_trunc('week', " ~ at ~ ")" -%}
    {%- set every = "cast(split_part(" ~ cadence ~ ", ' ', 2) as integer)" -%}
    {%- set day = days_since_1970('cast(' ~ at ~ ' as date)') -%}
    {#- Fortnights and other steps are counted from the first Monday of the calendar, as `ml/schedule/retraining.py` does: day 719163 is 1970-01-01. -#}
    cast(case {{ cadence }}
        when 'yearly' then date_trunc('year', {{ at }})
        when 'quarterly' then date_trunc('quarter', {{ at }})
        when 'monthly' then date_trunc('month', {{ at }})
        when 'fortnightly' then {{ monday }} - case when floor(({{ days_since_1970('cast(' ~ monday ~ ' as date)') }} + 719163) / 7) % 2 = 1
            then interval 7 days else interval 0 days end
        when 'weekly' then {{ monday }}
        when 'daily' then date_trunc('day', {{ at }})
        else case when {{ cadence }} like 'every %' then
            date_trunc('day', {{ at }}) - (({{ day }} + 719163) % {{ every }}) * interval 1 day end
    end as timestamp)
{%- endmacro %}
