{#- Some columns as the text of a JSON object. The same SQL as in flows/steps/serving/served.py. -#}
{% macro row_json(columns) -%}{{ return(adapter.dispatch('row_json')(columns)) }}{%- endmacro %}

{% macro default__row_json(columns) -%}
    cast(to_json(struct_pack({% for column in columns %}{{ column }} := {{ column }}{{ ', ' if not loop.last }}{% endfor %})) as varchar)
{%- endmacro %}
