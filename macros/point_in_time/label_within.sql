{#- One row per distinct (on, as_of) of the spine, each kept: `label`, 1 if a fact happens in (as_of, as_of + horizon],
    else 0, and `label_known_at`. Both are null until the label is known before `now`, and never change afterwards. -#}
{% macro label_within(spine, facts, on, horizon, now, event_at='event_at', known_at='known_at', as_of='as_of',
                      delay='0 seconds', where=none, early=false) -%}
    {%- if not execute -%}{{ return('select 1') }}{%- endif -%}
    {%- set me = 'label_within' -%}
    {%- set on = asof._pit_list(me, 'on', on, may_be_empty=true) -%}
    {%- set as_of = asof._pit_column(me, 'as_of', as_of) -%}
    {%- set known_at = asof._pit_column(me, 'known_at', known_at) -%}
    {%- set event_at = asof._pit_column(me, 'event_at', event_at) -%}
    {%- set wait = asof._pit_seconds(me, 'horizon', horizon) + (asof._pit_seconds(me, 'delay', delay) if delay != '0 seconds' else 0) -%}
    {%- if not now -%}{{ asof._pit_error(me, 'now', 'is missing: without a clock no label is mature') }}{%- endif -%}
    {%- do asof._pit_check(me, spine, facts, on, as_of, known_at, {'event_at': [event_at]}) -%}
    {%- set keys = (on + ['']) | join(', ') -%}
    with pit_events as (
        select {{ keys }}{{ event_at }} as pit_at, {{ known_at }} as pit_known_at, false as pit_asked
        from {{ facts }}
        where {{ known_at }} is not null and {{ event_at }} is not null and {{ asof._pit_filter(on, where) }}
        union all
        select distinct {{ keys }}{{ as_of }}, cast(null as timestamp), true from {{ spine }}
    ),
    pit_first as (
        select {{ keys }}pit_at as {{ as_of }}, pit_asked, pit_at + interval '{{ wait }} seconds' as pit_matures_at,
            min(pit_known_at) over ({{ 'partition by ' ~ on | join(', ') if on }} order by pit_at
                {{ asof._pit_within_frame(horizon) }}) as pit_known_at
        from pit_events
    ),
    pit_labels as (
        select *, coalesce({{ asof.known_before('pit_known_at', 'pit_matures_at') }}, false) as pit_positive
        from pit_first where pit_asked
    )
    {{ asof._pit_mature(on, as_of, now, early) }}
{%- endmacro %}
