{#- One part over its input: as a window aggregate, or as a plain aggregate when no window is named. The decimal(19, s)
    makes room for the square: DuckDB keeps a product of two decimal(18, s) in 18 digits, and Spark stays exact too. What is
    true is 1 and what is not is 0, so `count_true` is their sum. -#}
{% macro _pit_part(how, window=none, prefix='') -%}
    {%- set function, input, scale = how -%}
    {%- set input = prefix ~ input -%}
    {%- set over = ' over ' ~ window if window else '' -%}
    {%- if function == 'distinct' -%} {{ asof.window_count_distinct(input, window) if window else 'count(distinct ' ~ input ~ ')' }}
    {%- elif function == 'sum_of_squares' -%} sum(cast({{ input }} as decimal(19, {{ scale }})) * {{ input }}){{ over }}
    {%- else -%} {{ 'sum' if function == 'count_true' else function }}({{ input }}){{ over }}
    {%- endif -%}
{%- endmacro %}
