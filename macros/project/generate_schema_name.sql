{#- A layer's schema is its folder's name, as it is: `ledger`, never `main_ledger`. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
