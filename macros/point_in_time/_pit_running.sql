{#- Trailing aggregates that can be taken away: all that was known before as_of without all that was known before as_of - window. Facts
    and the ends of all windows are sorted once, ends first at an instant, and summed in that order, over all keys: what other keys hold
    stands on both sides and goes away. -#}
{% macro _pit_running(spine, facts, on, windows, seconds, plan, as_of, known_at, where) -%}
    {%- set keys, values = (on + ['']) | join(', '), plan.inputs.values() | list -%}
    {%- set facts_end = seconds | length + 1 -%}
    {%- set same -%}{%- for k in on %}k.{{ k }} = x.{{ k }}{{ ' and ' if not loop.last }}{% else %}true{% endfor -%}{%- endset -%}
    with pit_spine as (
        select {{ keys }}{{ as_of }} from {{ spine }}
    ),
    pit_keys as (
        {{ asof._pit_keys(on) }}
    ),
    pit_asks as (
        select distinct k.pit_key, x.{{ as_of }} as pit_as_of from pit_spine as x inner join pit_keys as k on {{ same }}
    ),
    pit_events as (
        {%- for length in [0] + seconds.values() | list %}
        select pit_key, pit_as_of - interval '{{ length }} seconds' as pit_at, cast({{ loop.index0 }} as tinyint) as pit_end, pit_as_of
            {%- for value in values %}, null as {{ value }}{% endfor %}
        from pit_asks
        union all
        {%- endfor %}
        select k.pit_key, x.pit_at, cast({{ facts_end }} as tinyint), null, x.{{ values | join(', x.') }}
        from (
            select {{ keys }}{{ known_at }} as pit_at{% for input, alias in plan.inputs.items() %}, {{ input }} as {{ alias }}{% endfor %}
            from {{ facts }}
            where {{ asof._pit_reach(on, where, as_of, known_at, seconds.values() | max) }}
        ) as x
        inner join pit_keys as k on {{ same }}
    ),
    pit_ends as (
        {{ asof.running_sums('pit_events', plan.parts, facts_end) }}
    )
    select {{ (on + [as_of]) | join(', ') }}{{ asof._pit_finals(plan, windows, as_of) }}
    from (
        {{ asof._pit_differences(on, windows, plan, as_of) }}
    ) as pit_parts
{%- endmacro %}
