{# What a flight is called everywhere: its day, carrier, number and origin. #}
{% macro flight_id(flight_date='flight_date', carrier='carrier', flight='flight', origin='origin') -%}
    concat_ws('/', cast({{ flight_date }} as varchar), {{ carrier }}, cast({{ flight }} as varchar), {{ origin }})
{%- endmacro %}
