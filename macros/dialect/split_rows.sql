{#- Every row of a relation once for each part of a text, which stands in a column of its own. A SELECT. -#}
{% macro split_rows(relation, column, separator, part) -%}
    {{ return(adapter.dispatch('split_rows')(relation, column, separator, part)) }}
{%- endmacro %}

{% macro default__split_rows(relation, column, separator, part) -%}
    select *, unnest(string_split({{ column }}, '{{ separator }}')) as {{ part }} from {{ relation }}
{%- endmacro %}
