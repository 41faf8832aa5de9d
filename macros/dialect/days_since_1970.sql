{#- Days from 1970-01-01 to a date, bigint. -#}
{% macro days_since_1970(day) -%}{{ return(adapter.dispatch('days_since_1970')(day)) }}{%- endmacro %}

{% macro default__days_since_1970(day) -%}
    datediff('day', date '1970-01-01', {{ day }})
{%- endmacro %}
