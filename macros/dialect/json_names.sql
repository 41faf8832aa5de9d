{#- The keys of a JSON object, in their order, as text: `[a, b]`. An expression. -#}
{% macro json_names(object) -%}{{ return(adapter.dispatch('json_names')(object)) }}{%- endmacro %}

{% macro default__json_names(object) -%}cast(json_keys({{ object }}) as varchar){%- endmacro %}
