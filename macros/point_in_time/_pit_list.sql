{#- A name or a list of names as a list: not empty unless allowed, every entry a plain column name, none twice. -#}
{% macro _pit_list(name, argument, value, may_be_empty=false) -%}
    {%- if value is none -%}{{ asof._pit_error(name, argument, 'is missing') }}{%- endif -%}
    {%- set names = [value] if value is string else value | list -%}
    {%- if not names and not may_be_empty -%}{{ asof._pit_error(name, argument, 'is empty') }}{%- endif -%}
    {%- for column in names -%}
        {%- if column is not string or not modules.re.match('^[A-Za-z_][A-Za-z0-9_]*$', column) -%}
            {{ asof._pit_error(name, argument, 'holds ' ~ column ~ ', which is not a column name') }}
        {%- endif -%}
        {%- if names.count(column) > 1 -%}{{ asof._pit_error(name, argument, 'names ' ~ column ~ ' twice') }}{%- endif -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}
