{#- One row per distinct (on, as_of) of the spine, each kept: aggregates over the facts with
    as_of - window <= known_at < as_of. Where all of it can be taken away again, by running sums; else by frames. -#}
{% macro aggregate_before(spine, facts, on, windows, measures, as_of='as_of', known_at='known_at', where=none) -%}
    {%- if not execute -%}{{ return('select 1') }}{%- endif -%}
    {%- set me = 'aggregate_before' -%}
    {%- set on = asof._pit_list(me, 'on', on, may_be_empty=true) -%}
    {%- set as_of = asof._pit_column(me, 'as_of', as_of) -%}
    {%- set known_at = asof._pit_column(me, 'known_at', known_at) -%}
    {%- set seconds = asof._pit_windows(me, windows) -%}
    {%- set plan = asof._pit_plan(me, measures, known_at) -%}
    {%- do asof._pit_list(me, 'measures', on + [as_of] + asof._pit_crossed(plan.measures, windows)) -%}
    {%- do asof._pit_check(me, spine, facts, on, as_of, known_at, asof._pit_uses(measures)) -%}
    {%- set functions = plan.parts.values() | map('first') | list -%}
    {%- if functions | reject('in', ['count', 'count_true', 'sum', 'sum_of_squares']) | list -%}
        {{ asof._pit_range(spine, facts, on, windows, seconds, plan, as_of, known_at, where) }}
    {%- else -%}
        {%- do asof._pit_with_counts(plan) -%}
        {{ asof._pit_running(spine, facts, on, windows, seconds, plan, as_of, known_at, where) }}
    {%- endif -%}
{%- endmacro %}
