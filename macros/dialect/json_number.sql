{#- The number under a key of a JSON object, as double; null where the key is missing. `key` is an expression. -#}
{% macro json_number(json, key) -%}{{ return(adapter.dispatch('json_number')(json, key)) }}{%- endmacro %}

{% macro default__json_number(json, key) -%}
    cast(json_extract_string({{ json }}, concat('$."', {{ key }}, '"')) as double)
{%- endmacro %}
