{#- The names `<measure>_<tag>` of measures and windows, measure by measure. -#}
{% macro _pit_crossed(measures, windows) -%}
    {%- set names = [] -%}
    {%- for out in measures -%}{%- for tag in windows -%}{%- do names.append(out ~ '_' ~ tag) -%}{%- endfor -%}{%- endfor -%}
    {{ return(names) }}
{%- endmacro %}
