{#- The statement that makes the table of a source, from its declaration.
    source  a source of dbt's graph -#}
{% macro source_table(source) -%}
    {%- set landing = source.config.get('meta', {}).get('landing') -%}
    {%- set landed = {'_batch_id': 'varchar', '_line': 'bigint', '_landed_at': 'timestamp', '_landing_number': 'bigint'} -%}
    create table if not exists {{ source.relation_name }} (
    {%- for column in source.columns.values() %}
        {{ adapter.quote(column.name) }} {{ column.data_type }}
        {{- ' not null' if column.constraints | selectattr('type', 'equalto', 'not_null') | list }}{{ ',' if not loop.last }}
    {%- endfor %}
    {%- if landing %}
    {%- if landing.known_at is mapping %},
        _known_at timestamp not null
    {%- endif %}
    {%- for name, type in landed.items() %},
        {{ name }} {{ type }} not null
    {%- endfor %}
    {%- endif %}
    )
{%- endmacro %}
