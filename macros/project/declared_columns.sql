{#- The columns that a problem declares with a role, as a list of names; features are those without one. Read from the contract
    of the training set when a model runs; while dbt parses there is no graph, and the list holds one placeholder. -#}
{% macro declared_columns(problem, role='feature') -%}
    {%- set found = [] -%}
    {%- for node in (graph.nodes.values() if execute else []) if node.name == problem ~ '__training_set' and node.resource_type == 'model' -%}
        {%- for column in node.columns.values() -%}
            {%- set meta = (column.get('config') or {}).get('meta') or column.get('meta') or {} -%}
            {%- if meta.get('role', 'feature') == role -%}{%- do found.append(column.name) -%}{%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found or [role]) }}
{%- endmacro %}
