{#- The name of one time column: required, a plain column name. -#}
{% macro _pit_column(name, argument, value) -%}
    {%- if not value -%}
        {{ asof._pit_error(name, argument, 'is missing: every fact needs the instant at which it was known') }}
    {%- endif -%}
    {{ return(asof._pit_list(name, argument, value if value is string else [value])[0]) }}
{%- endmacro %}
