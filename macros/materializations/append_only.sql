{#- A model that only ever adds rows to its table: one statement. `incremental` makes a temporary table first and asks the catalogue three
    times for columns, which costs a small batch more than its rows do. The table is made, and made anew with --full-refresh, as that of
    an incremental model. -#}
{% materialization append_only, adapter='duckdb' -%}
    {%- set there = load_cached_relation(this) -%}
    {%- if there is none or not there.is_table or should_full_refresh() -%}
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
