{#- Every column of a relation except some: `t.*` without its keys. -#}
{% macro all_but(relation, columns) -%}{{ return(adapter.dispatch('all_but', 'asof')(relation, columns)) }}{%- endmacro %}

{% macro default__all_but(relation, columns) -%}{{ relation }}.* exclude ({{ columns | join(', ') }}){%- endmacro %}

{% macro spark__all_but(relation, columns) -%}{{ relation }}.* except ({{ columns | join(', ') }}){%- endmacro %}
