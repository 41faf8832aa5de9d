{#- One part over its input: as a window aggregate, or as a plain aggregate when no window is named. -#}
{% macro _pit_part(function, input, window=none) -%}
    {%- set over = ' over ' ~ window if window else '' -%}
    {%- if function == 'distinct' -%} {{ window_count_distinct(input, window) }}
    {%- elif function == 'sum_of_squares' -%} sum({{ input }} * {{ input }}){{ over }}
    {%- else -%} {{ function }}({{ input }}){{ over }}
    {%- endif -%}
{%- endmacro %}
