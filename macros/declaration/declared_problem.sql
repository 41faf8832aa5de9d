{#- What a problem's YAML declares, from dbt's graph: the keys of meta.problem with their defaults, and its columns with their roles. -#}
{% macro declared_problem(problem) -%}
    {%- set defaults = declaration_defaults() -%}
    {#- without a graph no text of it is run: the keys that have to be declared are there, and empty -#}
    {%- if not execute or 'nodes' not in graph -%}{{ return(dict(defaults, columns=[], metric='', costs={}, task='binary')) }}{%- endif -%}
    {%- set found = graph.nodes.values() | selectattr('name', 'equalto', problem ~ '__training_set') | list -%}
    {%- if not found -%}
        {{ exceptions.raise_compiler_error("declared_problem: there is no model " ~ problem ~ "__training_set; correct vars: problems") }}
    {%- endif -%}
    {%- set columns = [] -%}
    {%- for column in found[0].columns.values() -%}
        {%- set meta = (column.config or {}).get('meta') or column.meta or {} -%}
        {%- do columns.append({
            'name': column.name, 'data_type': column.data_type, 'role': meta.get('role', 'feature'), 'drift': meta.get('drift', true),
        }) -%}
    {%- endfor -%}
    {%- set declared = dict(defaults, **found[0].config.meta.problem) -%}
    {%- for section, keys in defaults.items() if keys is mapping -%}
        {%- do declared.update({section: dict(keys, **(declared[section] or {}))}) -%}
    {%- endfor -%}
    {{ return(dict(declared, columns=columns)) }}
{%- endmacro %}
