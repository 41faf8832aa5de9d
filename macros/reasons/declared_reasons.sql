{#- How each feature of a problem is said as a reason: a list of {feature, text, negative, missing, unit, currency}, from `meta.reason`
    of its column. What is not declared is made from its description and its type. Empty while dbt parses and in a unit test. -#}
{% macro declared_reasons(problem) -%}
    {%- set found = [] -%}
    {%- for node in (graph.nodes.values() if execute and 'nodes' in graph else []) if node.name == problem ~ '__training_set' and node.resource_type == 'model' -%}
        {%- for column in node.columns.values() -%}
            {%- set meta = (column.get('config') or {}).get('meta') or column.get('meta') or {} -%}
            {%- if meta.get('role', 'feature') in ('feature', 'candidate') -%}
                {%- set declared = meta.get('reason') or {} -%}
                {%- set about = _about_feature(column) -%}
                {%- set type = (column.data_type or '') | lower -%}
                {%- set unit = 'category' if type.startswith(('varchar', 'string', 'text', 'char')) else 'boolean' if type.startswith('bool') else 'number' -%}
                {%- if declared.get('unit', unit) not in reason_units() -%}
                    {{ exceptions.raise_compiler_error(
                        node.patch_path ~ ": column " ~ column.name ~ ": reason.unit '" ~ declared.unit ~ "' is unknown; units are " ~ reason_units() | join(', ')) }}
                {%- endif -%}
                {%- do found.append(dict(
                    {'text': about ~ ': {value}', 'missing': 'unknown: ' ~ about, 'unit': unit}, **dict(declared, feature=column.name))) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
