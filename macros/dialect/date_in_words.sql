{#- A date as people write it: 1 March 2026. An expression. -#}
{% macro date_in_words(date) -%}{{ return(adapter.dispatch('date_in_words')(date)) }}{%- endmacro %}

{% macro default__date_in_words(date) -%}
    strftime({{ date }}, '%-d %B %Y')
{%- endmacro %}
