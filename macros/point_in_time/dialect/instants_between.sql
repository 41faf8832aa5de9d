{#- A table of one column: start, start + step, … up to and including until. -#}
{% macro instants_between(start, until, step, column) -%}
    {{ return(adapter.dispatch('instants_between', 'asof')(start, until, step, column)) }}
{%- endmacro %}

{% macro default__instants_between(start, until, step, column) -%}
    select unnest(generate_series(cast({{ start }} as timestamp), cast({{ until }} as timestamp), interval '{{ step }}'))
        as {{ column }}
{%- endmacro %}

{#- Spark refuses a sequence that ends before it starts. -#}
{% macro spark__instants_between(start, until, step, column) -%}
    select explode(case when pit_start <= pit_until then sequence(pit_start, pit_until, interval '{{ step }}') end) as {{ column }}
    from (select cast({{ start }} as timestamp) as pit_start, cast({{ until }} as timestamp) as pit_until) as pit_bounds
{%- endmacro %}
