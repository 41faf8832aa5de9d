{#- How many facts, by tag: whole numbers, or none for all; each tag must be able to end a column name. -#}
{% macro _pit_counts(name, last) -%}
    {%- if last is not mapping or not last -%}{{ asof._pit_error(name, 'last', "is not a dict such as {'last3': 3, 'ever': none}") }}{%- endif -%}
    {%- for tag, n in last.items() -%}
        {%- if not modules.re.match('^[A-Za-z0-9_]+$', tag | string) -%}
            {{ asof._pit_error(name, 'last', "has the tag '" ~ tag ~ "', which cannot end a column name") }}
        {%- endif -%}
        {%- if n is not none and (n is not integer or n < 1) -%}
            {{ asof._pit_error(name, 'last.' ~ tag, "is '" ~ n ~ "', not a number of facts, or none for all") }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(last) }}
{%- endmacro %}
