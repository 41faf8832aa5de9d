{#- What a problem's YAML declares, from dbt's graph: the keys of meta.problem, and its columns with their roles. -#}
{% macro declared_problem(problem) -%}
    {%- if not execute or 'nodes' not in graph -%}{{ return({'columns': []}) }}{%- endif -%}
    {%- set found = graph.nodes.values() | selectattr('name', 'equalto', problem ~ '__training_set') | list -%}
    {%- if not found -%}
        {{ exceptions.raise_compiler_error("declared_problem: there is no model " ~ problem ~ "__training_set; correct vars: problems") }}
    {%- endif -%}
    {%- set columns = [] -%}
    {%- for column in found[0].columns.values() -%}
        {%- set meta = (column.config or {}).get('meta') or column.meta or {} -%}
        {%- do columns.append({'name': column.name, 'data_type': column.data_type, 'role': meta.get('role', 'feature')}) -%}
    {%- endfor -%}
    {{ return(dict(found[0].config.meta.problem, columns=columns)) }}
{%- endmacro %}
