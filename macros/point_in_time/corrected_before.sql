{#- One row per distinct (on, as_of) of the spine, each kept, and `pit_state`: the last instant before as_of at which facts of the
    key were corrected. Between two corrections the facts of a key only grow, so all instants of a state see the same versions. -#}
{% macro corrected_before(spine, facts, on, fact, order_by=none, as_of='as_of', known_at='known_at') -%}
    {%- if not execute -%}{{ return('select 1') }}{%- endif -%}
    {%- set me = 'corrected_before' -%}
    {%- set on = asof._pit_list(me, 'on', on, may_be_empty=true) -%}
    {%- set fact = asof._pit_list(me, 'fact', fact) -%}
    {%- set as_of = asof._pit_column(me, 'as_of', as_of) -%}
    {%- set known_at = asof._pit_column(me, 'known_at', known_at) -%}
    {%- set order = [order_by] if order_by is string else order_by or [] -%}
    {%- do asof._pit_check(me, spine, facts, on, as_of, known_at, {'fact': fact, 'order_by': order}) -%}
    {%- set keys = (on + ['']) | join(', ') -%}
    with pit_spine as (
        select distinct {{ keys }}{{ as_of }} from {{ spine }}
    ),
    pit_versions as (
        {{ asof._pit_versions(facts, fact, known_at, order) }}
    ),
    {#- A version that ends is a correction, too: the next one may belong to another key. #}
    pit_corrections as (
        select {{ keys }}{{ known_at }} as pit_at from pit_versions where {{ known_at }} <> pit_first_at and {{ asof._pit_filter(on) }}
        union
        select {{ keys }}pit_until from pit_versions where pit_until is not null and {{ asof._pit_filter(on) }}
    ),
    pit_corrected as (
        {{ asof.asof_left_join('pit_spine', 'pit_corrections', on, as_of, 'pit_at', [], 'pit_at') }}
    )
    select {{ keys }}{{ as_of }}, coalesce(pit_at, timestamp '0001-01-01 00:00:00') as pit_state
    from pit_corrected
{%- endmacro %}
