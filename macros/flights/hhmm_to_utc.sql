{# The UTC timestamp of a local day and an HHMM integer. With `after`, a time before that instant is one of the next local
   day: the day is added to the local time, because a day on which the clock changes does not have 24 hours. #}
{% macro hhmm_to_utc(date, hhmm, zone, after=none) -%}
    {%- set same_day = local_to_utc(hhmm_to_local(date, hhmm), zone) -%}
    {%- if after is none -%}
    {{ same_day }}
    {%- else -%}
    case
        when {{ same_day }} < {{ after }} then {{ local_to_utc(hhmm_to_local(date, hhmm) ~ ' + interval 1 day', zone) }}
        else {{ same_day }}
    end
    {%- endif -%}
{%- endmacro %}
