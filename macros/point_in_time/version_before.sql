{#- One row per distinct (on, as_of) of the spine, each kept: the latest event of facts that are revised, in the version
    known before as_of. Facts are versions: (on, event_at) may come again, with a later known_at and other values. -#}
{% macro version_before(spine, facts, on, take, event_at='event_at', known_at='known_at', as_of='as_of', order_by=none,
                        where=none) -%}
    {%- if not execute -%}{{ return('select 1') }}{%- endif -%}
    {%- set me = 'version_before' -%}
    {%- set on = asof._pit_list(me, 'on', on, may_be_empty=true) -%}
    {%- set as_of = asof._pit_column(me, 'as_of', as_of) -%}
    {%- set known_at = asof._pit_column(me, 'known_at', known_at) -%}
    {%- set event_at = asof._pit_column(me, 'event_at', event_at) -%}
    {%- set take = asof._pit_take(me, take, on + [as_of]) -%}
    {%- set order = [order_by] if order_by is string else order_by or [] -%}
    {%- do asof._pit_check(me, spine, facts, on, as_of, known_at,
                      {'take': take.values() | list, 'event_at': [event_at], 'order_by': order}) -%}
    {{ asof._pit_version(spine, facts, on, take, event_at, known_at, known_at, as_of, order, where) }}
{%- endmacro %}
