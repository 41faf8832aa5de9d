{#- One row per distinct (on, as_of) of the spine, each kept: `label`, any aggregate over the facts that happen in
    (as_of, as_of + horizon], and `label_known_at`, when the horizon and the delay are over. Both are null until that is before `now`. -#}
{% macro label_over(spine, facts, on, horizon, measure, now, event_at='event_at', known_at='known_at', as_of='as_of',
                    delay='0 seconds', where=none, otherwise=none) -%}
    {%- if not execute -%}{{ return('select 1') }}{%- endif -%}
    {%- set me = 'label_over' -%}
    {%- set on = asof._pit_list(me, 'on', on, may_be_empty=true) -%}
    {%- set as_of = asof._pit_column(me, 'as_of', as_of) -%}
    {%- set known_at = asof._pit_column(me, 'known_at', known_at) -%}
    {%- set event_at = asof._pit_column(me, 'event_at', event_at) -%}
    {%- set ahead = asof._pit_seconds(me, 'horizon', horizon) -%}
    {%- set wait = ahead + (asof._pit_seconds(me, 'delay', delay) if delay != '0 seconds' else 0) -%}
    {%- for argument, value in {'now': now, 'measure': measure}.items() if not value -%}
        {{ asof._pit_error(me, argument, 'is missing') }}
    {%- endfor -%}
    {%- do asof._pit_check(me, spine, facts, on, as_of, known_at, {'event_at': [event_at]}) -%}
    {%- set keys = (on + ['']) | join(', ') -%}
    {%- set asked %}{% for k in on %}pit_asked_{{ k }}, {% endfor %}pit_as_of{% endset -%}
    with pit_spine as (
        select distinct {% for k in on %}{{ k }} as pit_asked_{{ k }}, {% endfor %}{{ as_of }} as pit_as_of from {{ spine }}
    ),
    pit_happened as (
        select {{ asked }}, {{ measure }} as pit_label, true as pit_something
        from {{ facts }}
        inner join pit_spine
            on {% for k in on %}{{ k }} = pit_asked_{{ k }} and {% endfor -%}
            {{ event_at }} > pit_as_of and {{ event_at }} <= pit_as_of + interval '{{ ahead }} seconds'
            and {{ asof.known_before(known_at, 'pit_as_of + interval ' ~ "'" ~ wait ~ " seconds'") }}
        where {{ asof._pit_filter(on, where) }}
        group by {{ asked }}
    ),
    pit_labels as (
        select *, pit_as_of + interval '{{ wait }} seconds' as pit_label_known_at
        from pit_spine
        left join pit_happened using ({{ asked }})
    )
    {%- set known = asof.known_before('pit_label_known_at', now) %}
    select {% for k in on %}pit_asked_{{ k }} as {{ k }}, {% endfor %}pit_as_of as {{ as_of }},
        case when {{ known }} then {{ 'case when pit_something then pit_label else ' ~ otherwise ~ ' end' if otherwise is not none else 'pit_label' }} end as label,
        case when {{ known }} then pit_label_known_at end as label_known_at
    from pit_labels
{%- endmacro %}
