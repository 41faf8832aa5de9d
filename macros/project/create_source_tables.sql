{#- Called before every dbt command that runs: the tables of the landing schema, as their sources declare them and empty, where they are
    not there yet; so that `dbt build` needs nothing landed. -#}
{% macro create_source_tables(schema='landing') -%}
    {%- if execute -%}
    {%- set there = columns_there([schema]) -%}
    {%- for source in graph.sources.values() if source.schema == schema and schema ~ '.' ~ source.identifier not in there -%}
        {%- do run_query('create schema if not exists ' ~ schema) -%}
        {%- do run_query(source_table(source)) -%}
    {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
