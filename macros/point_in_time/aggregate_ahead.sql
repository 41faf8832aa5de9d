{#- One row per distinct (on, as_of) of the spine, each kept: aggregates over what is scheduled for as_of < event_at <= as_of + window,
    as far as it was known before as_of. -#}
{% macro aggregate_ahead(spine, facts, on, windows, measures, event_at='event_at', as_of='as_of', known_at='known_at',
                         where=none) -%}
    {%- if not execute -%}{{ return('select 1') }}{%- endif -%}
    {%- set me = 'aggregate_ahead' -%}
    {%- set on = asof._pit_list(me, 'on', on, may_be_empty=true) -%}
    {%- set as_of = asof._pit_column(me, 'as_of', as_of) -%}
    {%- set known_at = asof._pit_column(me, 'known_at', known_at) -%}
    {%- set event_at = asof._pit_column(me, 'event_at', event_at) -%}
    {%- set seconds = asof._pit_windows(me, windows) -%}
    {%- set plan = asof._pit_plan(me, measures, event_at) -%}
    {%- for out, how in plan.measures.items() if how[0] in ['time_since', 'time_since_first'] -%}
        {{ asof._pit_error(me, 'measures.' ~ out, 'looks back, and this looks ahead; take the min of ' ~ event_at) }}
    {%- endfor -%}
    {%- do asof._pit_list(me, 'measures', on + [as_of] + asof._pit_crossed(plan.measures, windows)) -%}
    {%- do asof._pit_check(me, spine, facts, on, as_of, known_at, dict(asof._pit_uses(measures), event_at=[event_at])) -%}
    {%- set keys = (on + ['']) | join(', ') -%}
    {%- set asked %}{% for k in on %}s.{{ k }}, {% endfor %}s.{{ as_of }}{% endset -%}
    with pit_spine as (
        select distinct {{ keys }}{{ as_of }} from {{ spine }}
    ),
    pit_facts as (
        select {{ keys }}{{ known_at }} as pit_known_at, {{ event_at }} as pit_at
            {%- for input, alias in plan.inputs.items() %}, {{ input }} as {{ alias }}{% endfor %}
        from {{ facts }}
        where {{ asof._pit_reach(on, where, as_of, known_at) }}
    ),
    pit_parts as (
        select {{ asked }}
            {%- for tag, length in seconds.items() -%}{%- for part, how in plan.parts.items() %},
            {{ asof._pit_part(how, prefix='f.') }} filter (where f.pit_at <= s.{{ as_of }} + interval '{{ length }} seconds')
                as {{ part }}_{{ tag }}{% endfor -%}{%- endfor %}
        from pit_spine as s
        left join pit_facts as f
            on {% for k in on %}s.{{ k }} = f.{{ k }} and {% endfor %}{{ asof.known_before('f.pit_known_at', 's.' ~ as_of) }}
            and f.pit_at > s.{{ as_of }} and f.pit_at <= s.{{ as_of }} + interval '{{ seconds.values() | max }} seconds'
        group by {{ asked }}
    )
    select {{ (on + [as_of]) | join(', ') }}{{ asof._pit_finals(plan, windows, as_of) }}
    from pit_parts
{%- endmacro %}
