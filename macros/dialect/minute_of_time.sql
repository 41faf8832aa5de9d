{#- Minutes since 1970 of a timestamp, as bigint: whole minutes can be summed exactly. -#}
{% macro minute_of_time(at) -%}{{ return(adapter.dispatch('minute_of_time')(at)) }}{%- endmacro %}

{% macro default__minute_of_time(at) -%}cast(floor(epoch({{ at }}) / 60) as bigint){%- endmacro %}
