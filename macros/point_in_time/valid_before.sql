{#- One row per distinct (on, as_of) of the spine, each kept: the taken columns of the version of a slowly changing
    dimension that holds at as_of (valid_from <= as_of < valid_to), as far as it was known before as_of.
    A version that has begun ends every earlier one, said or not; a null valid_to is open; ended means all nulls. -#}
{% macro valid_before(spine, facts, on, take, valid_from='valid_from', valid_to='valid_to', known_at='known_at',
                      as_of='as_of', order_by=none, where=none) -%}
    {%- if not execute -%}{{ return('select 1') }}{%- endif -%}
    {%- set me = 'valid_before' -%}
    {%- set on = asof._pit_list(me, 'on', on, may_be_empty=true) -%}
    {%- set as_of = asof._pit_column(me, 'as_of', as_of) -%}
    {%- set known_at = asof._pit_column(me, 'known_at', known_at) -%}
    {%- set valid_from = asof._pit_column(me, 'valid_from', valid_from) -%}
    {%- set valid_to = asof._pit_column(me, 'valid_to', valid_to) -%}
    {%- set take = asof._pit_take(me, take, on + [as_of]) -%}
    {%- set order = [order_by] if order_by is string else order_by or [] -%}
    {%- do asof._pit_check(me, spine, facts, on, as_of, known_at, {'take': take.values() | list, 'valid_from': [valid_from],
                      'valid_to': [valid_to], 'order_by': order}) -%}
    {%- set visible_at -%}
        greatest({{ known_at }}, {{ valid_from }} - interval '1 microsecond')
    {%- endset -%}
    select {{ (on + [as_of]) | join(', ') }}
        {%- for out in take %},
        case when pit_valid_to is null or pit_valid_to > {{ as_of }} then {{ out }} end as {{ out }}{% endfor %}
    from (
        {{ asof._pit_version(spine, facts, on, dict(take, pit_valid_to=valid_to), valid_from, known_at, visible_at, as_of,
                        order, where) }}
    ) as pit_version
{%- endmacro %}
