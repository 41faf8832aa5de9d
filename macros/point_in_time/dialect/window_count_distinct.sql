{#- The number of distinct non-null values in a named window. -#}
{% macro window_count_distinct(expression, window) -%}
    {{ return(adapter.dispatch('window_count_distinct', 'asof')(expression, window)) }}
{%- endmacro %}

{% macro default__window_count_distinct(expression, window) -%}
    count(distinct {{ expression }}) over {{ window }}
{%- endmacro %}

{% macro spark__window_count_distinct(expression, window) -%}
    cast(size(collect_set({{ expression }}) over {{ window }}) as bigint)
{%- endmacro %}
