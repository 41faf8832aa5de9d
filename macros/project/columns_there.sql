{#- The tables of some schemas with their columns, as the warehouse has them: a dict of `schema.table` to a list of names. -#}
{% macro columns_there(schemas) -%}
    {%- set found = {} -%}
    {%- set names = answer(
        "(select string_agg(concat(table_schema, '.', table_name, chr(9), column_name), chr(10)) from information_schema.columns"
        ~ " where table_catalog = current_database() and table_schema in ('" ~ schemas | join("', '") ~ "'))"
    ) -%}
    {%- for line in (names or '').split('\n') if line -%}
        {%- set table, column = line.split('\t') -%}
        {%- do found.setdefault(table, []).append(column) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
