{#- Delete what is computed anew, then insert it: each key is looked up once. dbt-duckdb joins the new rows instead, and where a
    key has thousands of them, as a day of profiles has, every old row meets every new one. -#}
{% macro duckdb__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
    {{ return(dbt.default__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates)) }}
{%- endmacro %}
