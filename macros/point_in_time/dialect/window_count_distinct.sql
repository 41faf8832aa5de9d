{#- The number of distinct non-null values in a named window. Spark has no `count(distinct) over`: size(collect_set()). -#}
{% macro window_count_distinct(expression, window) -%}
    {{ return(adapter.dispatch('window_count_distinct', 'asof')(expression, window)) }}
{%- endmacro %}

{% macro default__window_count_distinct(expression, window) -%}
    count(distinct {{ expression }}) over {{ window }}
{%- endmacro %}
