{# The local timestamp of a day and an HHMM integer; 2400 is the midnight that ends the day. #}
{% macro hhmm_to_local(date, hhmm) -%}
    (cast({{ date }} as timestamp) + to_minutes({{ hhmm }} // 100 * 60 + {{ hhmm }} % 100))
{%- endmacro %}
