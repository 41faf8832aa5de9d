{#- A struct of named expressions; structs compare field by field, in the order given. -#}
{% macro struct_literal(fields) -%}
    {{ return(adapter.dispatch('struct_literal', 'asof')(fields)) }}
{%- endmacro %}

{% macro default__struct_literal(fields) -%}
    struct_pack({% for field, expression in fields.items() %}{{ field }} := {{ expression }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{% macro spark__struct_literal(fields) -%}
    named_struct({% for field, expression in fields.items() %}'{{ field }}', {{ expression }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}
