{#- A hash of some columns, bigint: equal rows have equal ones. The same SQL as in flows/steps/serving/served.py. -#}
{% macro row_fingerprint(columns) -%}{{ return(adapter.dispatch('row_fingerprint')(columns)) }}{%- endmacro %}

{% macro default__row_fingerprint(columns) -%}cast(hash({{ columns | join(', ') }}) // 2 as bigint){%- endmacro %}
