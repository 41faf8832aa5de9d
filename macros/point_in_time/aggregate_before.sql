{#- One row per distinct (on, as_of) of the spine, each kept: aggregates over the facts with
    as_of - window <= known_at < as_of. `form` chooses how they are computed, never what they are. -#}
{% macro aggregate_before(spine, facts, on, windows, measures, as_of='as_of', known_at='known_at', where=none,
                          form='range', bucket=none, per_day=none) -%}
    {%- if not execute -%}{{ return('select 1') }}{%- endif -%}
    {%- set me = 'aggregate_before' -%}
    {%- set on = _pit_list(me, 'on', on, may_be_empty=true) -%}
    {%- set as_of = _pit_column(me, 'as_of', as_of) -%}
    {%- set known_at = _pit_column(me, 'known_at', known_at) -%}
    {%- set seconds = _pit_windows(me, windows) -%}
    {%- set plan = _pit_plan(me, measures, known_at) -%}
    {%- do _pit_list(me, 'measures', on + [as_of] + _pit_crossed(plan.measures, windows)) -%}
    {%- do _pit_check(me, spine, facts, on, as_of, known_at, _pit_uses(measures)) -%}
    {%- set form, bucket = _pit_form(me, form, bucket, facts, on, known_at, plan, per_day) -%}
    {%- if form == 'range' -%}
        {{ _pit_range(spine, facts, on, windows, seconds, plan, as_of, known_at, where) }}
    {%- elif form == 'running' -%}
        {%- do _pit_with_counts(plan) -%}
        {{ _pit_running(spine, facts, on, windows, seconds, plan, as_of, known_at, where, bucket) }}
    {%- elif form == 'join' -%}
        {{ _pit_join(spine, facts, on, windows, seconds, plan, as_of, known_at, where) }}
    {%- else -%}
        {%- set bucket = _pit_bucket(me, bucket, seconds, plan) -%}
        {{ _pit_buckets(spine, facts, on, windows, seconds, plan, as_of, known_at, where, bucket) }}
    {%- endif -%}
{%- endmacro %}
