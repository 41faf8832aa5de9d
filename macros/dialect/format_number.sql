{#- A number as text by a format of Python, such as `{:,.0f}` or `{:.2g}`. An expression. -#}
{% macro format_number(form, number) -%}{{ return(adapter.dispatch('format_number')(form, number)) }}{%- endmacro %}

{% macro default__format_number(form, number) -%}
    format('{{ form }}', cast({{ number }} as double))
{%- endmacro %}
