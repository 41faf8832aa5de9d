{#- One row per distinct (on, as_of) of the spine, each kept: the taken columns of the last fact known before as_of.
    Each distinct instant is joined once; the model joins the answer back by equality, which is cheap. -#}
{% macro last_before(spine, facts, on, take, as_of='as_of', known_at='known_at', order_by=none, where=none,
                     last_known_at=none, unique_facts=false, every=none, within=none) -%}
    {%- if not execute -%}{{ return('select 1') }}{%- endif -%}
    {%- set me = 'last_before' -%}
    {%- set on = asof._pit_list(me, 'on', on, may_be_empty=true) -%}
    {%- set as_of = asof._pit_column(me, 'as_of', as_of) -%}
    {%- set known_at = asof._pit_column(me, 'known_at', known_at) -%}
    {%- set take = asof._pit_take(me, take, on + [as_of]) -%}
    {%- if last_known_at -%}{%- do asof._pit_take(me, [last_known_at], on + [as_of] + take.keys() | list) -%}{%- endif -%}
    {%- set seconds = asof._pit_seconds(me, 'within', within) if within is not none else none -%}
    {%- set asked = asof._pit_boundary(me, every, as_of) if every else as_of -%}
    {%- set order = ([order_by] if order_by is string else order_by or []) + take.values() | list -%}
    {%- do asof._pit_check(me, spine, facts, on, as_of, known_at, {'take': take.values() | list, 'order_by': order}) -%}
    {#- a boundary stands strictly before its instants, so what is known at the boundary itself is known before them -#}
    {%- set asker = as_of ~ " + interval '1 microsecond'" if every else as_of -%}
    with pit_spine as (
        select distinct {{ (on + ['']) | join(', ') }}{{ asked }}{{ ' as ' ~ as_of if every }} from {{ spine }}
    ),
    pit_keys as (
        {{ asof._pit_keys(on) }}
    ),
    pit_asks as (
        select pit_spine.*, pit_key from pit_spine {{ 'left join pit_keys using (' ~ on | join(', ') ~ ')' if on else 'cross join pit_keys' }}
    ),
    pit_facts as (
        select
            pit_key, {{ known_at }} as pit_known_at
            {%- for out, expression in take.items() %},
            {{ expression }}{{ ' as ' ~ out if out != expression }}{% endfor %}
        from {{ facts }} {{ 'inner join pit_keys using (' ~ on | join(', ') ~ ')' if on else 'cross join pit_keys' }}
        where {{ asof._pit_reach(on, where, asker, known_at, seconds + 1 if seconds else none) }}
        {%- if not unique_facts %}
        qualify lead({{ known_at }}) over (
            partition by pit_key order by {{ known_at }}{% for o in order %}, {{ o }} nulls first{% endfor %}
        ) is distinct from {{ known_at }}
        {%- endif %}
    )
    {{ asof._pit_recent(asof.asof_left_join('pit_asks', 'pit_facts', ['pit_key'], asker, 'pit_known_at', take.keys() | list,
                                  'pit_last_at' if seconds else last_known_at), on, take, as_of, last_known_at, seconds) }}
{%- endmacro %}
