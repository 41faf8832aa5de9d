{#- `incremental`, where a model only appends to a table that is there: one statement. dbt-duckdb's own way makes a temporary
    table first and asks the catalogue three times for columns, which costs a small batch more than its rows do; it is taken for
    everything else, and means the same. -#}
{% materialization incremental, adapter='duckdb', supported_languages=['sql', 'python'] -%}
    {%- set there = load_cached_relation(this) -%}
    {%- if there is none or not there.is_table or should_full_refresh() or model['language'] != 'sql'
            or config.get('incremental_strategy') != 'append' or config.get('on_schema_change', 'ignore') != 'ignore' -%}
        {{ return(dbt.materialization_incremental_duckdb()) }}
    {%- endif -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set names = [] -%}
    {%- for column in adapter.add_query('select * from ' ~ target ~ ' limit 0', auto_begin=false)[1].description -%}
        {%- do names.append(adapter.quote(column[0])) -%}
    {%- endfor -%}
    {%- set columns = names | join(', ') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement('main') %}
        insert into {{ target }} ({{ columns }})
        select {{ columns }} from (
            {{ compiled_code }}
        ) as newly
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{%- endmaterialization %}
