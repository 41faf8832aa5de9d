{#- The features of a problem and `label`, as a dict: name in the training set → [name in monitors, number or category]. Read from
    the contract of the training set when a model runs; empty while dbt parses. Timestamps are no features of a profile. -#}
{% macro declared_kinds(problem) -%}
    {%- set found = {} -%}
    {%- for node in (graph.nodes.values() if execute else []) if node.name == problem ~ '__training_set' and node.resource_type == 'model' -%}
        {%- for column in node.columns.values() -%}
            {%- set role = ((column.get('config') or {}).get('meta') or column.get('meta') or {}).get('role', 'feature') -%}
            {%- set type = column.data_type | lower -%}
            {%- if role in ('feature', 'label') and not type.startswith(('timestamp', 'date', 'time')) -%}
                {%- set kind = 'category' if type.startswith(('varchar', 'string', 'text')) else 'number' -%}
                {%- do found.update({column.name: ['label' if role == 'label' else column.name, kind]}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
