{#- A text on one line of at most 60 characters: line ends, controls and invisible characters become a blank. An expression. -#}
{% macro text_in_one_line(text) -%}{{ return(adapter.dispatch('text_in_one_line')(text)) }}{%- endmacro %}

{% macro default__text_in_one_line(text) -%}
    {%- set line = "trim(regexp_replace(" ~ text ~ ", '[\\p{C}\\p{Z}]+', ' ', 'g'))" -%}
    case when {{ line }} = '' then 'empty' when length({{ line }}) > 60 then concat(left({{ line }}, 59), '…') else {{ line }} end
{%- endmacro %}
