{#- Whether a model adds to a table that is there: also one that is `append_only`. -#}
{% macro is_incremental() -%}
    {%- if not execute -%}{{ return(false) }}{%- endif -%}
    {%- set there = adapter.get_relation(this.database, this.schema, this.table) -%}
    {{ return(
        there is not none and there.type == 'table' and model.config.materialized in ['incremental', 'append_only'] and not should_full_refresh()
    ) }}
{%- endmacro %}
