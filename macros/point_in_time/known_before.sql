{#- The law of time, written here and nowhere else: a fact may be used if it was known strictly before the instant. -#}
{% macro known_before(known_at, as_of) -%}
    {{ known_at }} < {{ as_of }}
{%- endmacro %}
