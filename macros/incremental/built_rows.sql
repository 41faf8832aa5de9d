{#- In an incremental model: how many of its rows are there, as a literal, so that the database can leave out what a condition on
    it rules out. 0 before the first build; a unit test gives `this` as the name of its rows: there it is a query. -#}
{% macro built_rows(where='true') -%}
    {%- if not is_incremental() -%}{{ return('0') }}{%- endif -%}
    {%- set counted = 'select count(*) from ' ~ this ~ ' where ' ~ where -%}
    {%- if execute and this is not string -%}{{ return(run_query(counted).rows[0][0] | string) }}{%- endif -%}
    ({{ counted }})
{%- endmacro %}
