{#- The value of an expression as text, asked of the database while a model is rendered. Without run_query: guessing the types of one
    text takes dbt longer than the question takes the database. -#}
{% macro answer(expression) -%}
    {%- set found = adapter.add_query('select cast(' ~ expression ~ ' as ' ~ dbt.type_string() ~ ')', auto_begin=false)[1] -%}
    {{ return(found.fetchall()[0][0]) }}
{%- endmacro %}
