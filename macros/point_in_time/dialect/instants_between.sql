{#- A table of one column: start, start + step, … up to and including until. -#}
{% macro instants_between(start, until, step, column) -%}
    {{ return(adapter.dispatch('instants_between', 'asof')(start, until, step, column)) }}
{%- endmacro %}

{% macro default__instants_between(start, until, step, column) -%}
    select unnest(generate_series(cast({{ start }} as timestamp), cast({{ until }} as timestamp), interval '{{ step }}'))
        as {{ column }}
{%- endmacro %}
