{#- A layer's schema is its folder's name below models/, as it is: `ledger`, never `main_ledger`. A folder without a model needs no
    settings, of which dbt would warn. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name -%}
        {{ custom_schema_name | trim }}
    {%- else -%}
        {{ node.fqn[1] if node.resource_type == 'model' and node.fqn | length > 2 else target.schema }}
    {%- endif -%}
{%- endmacro %}
