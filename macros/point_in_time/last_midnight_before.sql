{#- The last midnight strictly before an instant: the `known_at` of the newest day of `trailing_daily` it may use, so that
    a dense daily table is joined by equality. -#}
{% macro last_midnight_before(as_of) -%}
    date_trunc('day', {{ as_of }} - interval '1 microsecond')
{%- endmacro %}
