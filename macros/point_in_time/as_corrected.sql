{#- The facts of a key as each of its states knows them: of each fact the latest version, at the instant at which the fact was first
    known. Aggregate over it with pit_state among the keys, and no fact is counted twice. -#}
{% macro as_corrected(states, facts, on, fact, order_by=none, within=none, as_of='as_of', known_at='known_at') -%}
    {%- if not execute -%}{{ return('select 1') }}{%- endif -%}
    {%- set me = 'as_corrected' -%}
    {%- set on = asof._pit_list(me, 'on', on, may_be_empty=true) -%}
    {%- set fact = asof._pit_list(me, 'fact', fact) -%}
    {%- set as_of = asof._pit_column(me, 'as_of', as_of) -%}
    {%- set known_at = asof._pit_column(me, 'known_at', known_at) -%}
    {%- set order = [order_by] if order_by is string else order_by or [] -%}
    {%- set seconds = asof._pit_seconds(me, 'within', within) if within is not none else none -%}
    {%- do asof._pit_check(me, false, facts, on, as_of, known_at, {'fact': fact, 'order_by': order}) -%}
    {#- The first instant of a state knows the same corrections as its last one. Facts that were first known in between are there,
        and whoever aggregates them asks again which were known before as_of. -#}
    with pit_states as (
        select {{ (on + ['']) | join(', ') }}pit_state, min({{ as_of }}) as pit_begins, max({{ as_of }}) as pit_ends
        from {{ states }}
        group by {{ (on + ['pit_state']) | join(', ') }}
    ),
    pit_versions as (
        {{ asof._pit_versions(facts, fact, known_at, order) }}
    )
    select {{ asof.all_but('f', [known_at, 'pit_first_at', 'pit_until']) }}, f.pit_first_at as {{ known_at }}, s.pit_state
    from pit_versions as f
    inner join pit_states as s
        on {% for column in on %}f.{{ column }} = s.{{ column }} and {% endfor -%}
        {{ asof.known_before('f.pit_first_at', 's.pit_ends') }}
        {%- if seconds %}
        and f.pit_first_at >= s.pit_begins - interval '{{ seconds }} seconds'
        {%- endif %}
    where (f.{{ known_at }} = f.pit_first_at or {{ asof.known_before('f.' ~ known_at, 's.pit_begins') }})
        and (f.pit_until is null or not ({{ asof.known_before('f.pit_until', 's.pit_begins') }}))
{%- endmacro %}
