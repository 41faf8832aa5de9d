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
    {%- set outputs, uses = on + [as_of], {} -%}
    {%- for out in plan.measures -%}{%- for tag in windows -%}
        {%- do outputs.append(out ~ '_' ~ tag) -%}
    {%- endfor -%}{%- endfor -%}
    {%- do _pit_list(me, 'measures', outputs) -%}
    {%- for out, spec in measures.items() if spec is not string -%}
        {%- do uses.update({'measures.' ~ out: spec[1:2]}) -%}
    {%- endfor -%}
    {%- do _pit_check(me, spine, facts, on, as_of, known_at, uses) -%}
    {%- set form, bucket = _pit_form(me, form, bucket, facts, on, known_at, plan, per_day) -%}
    {%- if form == 'range' -%}
        {{ _pit_range(spine, facts, on, windows, seconds, plan, as_of, known_at, where) }}
    {%- elif form == 'running' -%}
        {%- do _pit_with_counts(plan) -%}
        {{ _pit_running(spine, facts, on, windows, seconds, plan, as_of, known_at, where, bucket) }}
    {%- else -%}
        {%- set bucket = _pit_bucket(me, bucket, seconds, plan) -%}
        {{ _pit_buckets(spine, facts, on, windows, seconds, plan, as_of, known_at, where, bucket) }}
    {%- endif -%}
{%- endmacro %}
