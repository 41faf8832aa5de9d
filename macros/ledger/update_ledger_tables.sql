{#- Called before every dbt command that runs, and by Python before it writes: what a later version of the project has added to a table of the
    ledger, or named otherwise (`meta.renamed_from` of the column). Nothing is ever taken away. -#}
{% macro update_ledger_tables() -%}
    {%- set tables = [] -%}
    {%- for node in (graph.nodes.values() if execute else []) if node.resource_type == 'model' and node.config.full_refresh is false -%}
        {%- do tables.append(node) -%}
    {%- endfor -%}
    {%- set there = columns_there(tables | map(attribute='schema') | unique | list) if tables else {} -%}
    {%- for node in tables if node.schema ~ '.' ~ node.alias in there -%}
        {%- set columns = there[node.schema ~ '.' ~ node.alias] -%}
        {%- for column in node.columns.values() if column.name not in columns -%}
            {%- set before = column.config.get('meta', {}).get('renamed_from') -%}
            {%- set change = 'rename column ' ~ adapter.quote(before) ~ ' to ' ~ adapter.quote(column.name) if before in columns
                else 'add column ' ~ adapter.quote(column.name) ~ ' ' ~ column.data_type -%}
            {%- do run_query('alter table ' ~ node.relation_name ~ ' ' ~ change) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}
