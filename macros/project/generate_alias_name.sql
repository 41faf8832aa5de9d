{#- A model is named once in the whole project, a table once in its schema: `ledger_runs` is the table `ledger.runs`. -#}
{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
    {%- if custom_alias_name -%}
        {{ custom_alias_name | trim }}
    {%- else -%}
        {{ node.name[7:] if node.name.startswith('ledger_') else node.name }}
    {%- endif -%}
{%- endmacro %}
