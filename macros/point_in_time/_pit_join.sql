{#- Trailing aggregates for few instants: each is joined with the facts of its longest window, and a window is a filter on
    them. No sort, but every fact is read once per instant that sees it. -#}
{% macro _pit_join(spine, facts, on, windows, seconds, plan, as_of, known_at, where) -%}
    {%- set keys = (on + ['']) | join(', ') -%}
    {%- set longest = seconds.values() | max -%}
    {%- set asked %}{% for k in on %}s.{{ k }}, {% endfor %}s.{{ as_of }}{% endset -%}
    with pit_spine as (
        select distinct {{ keys }}{{ as_of }} from {{ spine }}
    ),
    pit_facts as (
        select {{ keys }}{{ known_at }} as pit_at
            {%- for input, alias in plan.inputs.items() %}, {{ input }} as {{ alias }}{% endfor %}
        from {{ facts }}
        where {{ asof._pit_reach(on, where, as_of, known_at, longest) }}
    ),
    pit_parts as (
        select {{ asked }}
            {%- for tag, length in seconds.items() -%}{%- for part, how in plan.parts.items() %},
            {{ asof._pit_part(how, prefix='f.') }} filter (where f.pit_at >= s.{{ as_of }} - interval '{{ length }} seconds')
                as {{ part }}_{{ tag }}{% endfor -%}{%- endfor %}
        from pit_spine as s
        left join pit_facts as f
            on {% for k in on %}s.{{ k }} = f.{{ k }} and {% endfor %}{{ asof.known_before('f.pit_at', 's.' ~ as_of) }}
            and f.pit_at >= s.{{ as_of }} - interval '{{ longest }} seconds'
        group by {{ asked }}
    )
    select {{ (on + [as_of]) | join(', ') }}{{ asof._pit_finals(plan, windows, as_of) }}
    from pit_parts
{%- endmacro %}
