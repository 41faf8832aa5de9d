{#- Monday 1 to Sunday 7. -#}
{% macro iso_weekday(at) -%}{{ return(adapter.dispatch('iso_weekday')(at)) }}{%- endmacro %}

{% macro default__iso_weekday(at) -%}extract(isodow from {{ at }}){%- endmacro %}
