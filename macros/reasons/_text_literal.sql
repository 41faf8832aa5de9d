{#- A text as a literal of SQL; none is a null of type varchar. -#}
{% macro _text_literal(text) -%}
    {{ return('cast(null as varchar)' if text is none else "'" ~ text | string | replace("'", "''") ~ "'") }}
{%- endmacro %}
