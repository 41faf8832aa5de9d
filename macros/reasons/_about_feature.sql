{#- What a feature is, from the first sentence of its description as a part of another sentence; without one, its name. -#}
{% macro _about_feature(column) -%}
    {%- set sentence = ((column.description or '').split() | join(' ')).split('. ')[0].rstrip('.').replace('{value}', 'value').replace('(s)', 's') -%}
    {%- if not sentence -%}{{ return(column.name.replace('_', ' ')) }}{%- endif -%}
    {#- An abbreviation keeps its capitals. -#}
    {{ return(sentence if sentence[1:2].isupper() else sentence[0].lower() ~ sentence[1:]) }}
{%- endmacro %}
