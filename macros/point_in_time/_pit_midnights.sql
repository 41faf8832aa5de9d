{#- Trailing aggregates where every instant of the spine is a midnight: the parts of each day first, then frames over whole days. -#}
{% macro _pit_midnights(spine, facts, on, windows, seconds, plan, as_of, known_at, where) -%}
    {%- set keys = (on + ['']) | join(', ') -%}
    {%- set merge = {'min': 'min', 'max': 'max'} -%}
    with pit_spine as (
        select {{ keys }}{{ as_of }} from {{ spine }}
    ),
    pit_facts as (
        select {{ keys }}date_trunc('day', {{ known_at }}) as pit_day
            {%- for input, alias in plan.inputs.items() %}, {{ input }} as {{ alias }}{% endfor %}
        from {{ facts }}
        where {{ asof._pit_reach(on, where, as_of, known_at, seconds.values() | max) }}
    ),
    pit_days_and_asks as (
        select {{ keys }}pit_day, false as pit_asked
            {%- for part, how in plan.parts.items() %}, {{ asof._pit_part(how) }} as {{ part }}{% endfor %}
        from pit_facts
        group by {{ keys }}pit_day
        union all
        select {{ keys }}{{ as_of }}, true{% for part in plan.parts %}, null{% endfor %}
        from pit_spine
    ),
    pit_parts as (
        select {{ keys }}pit_day as {{ as_of }}, pit_asked
            {%- for tag in windows -%}{%- for part, how in plan.parts.items() %},
            {{ merge.get(how[0], 'sum') }}({{ part }}) over pit_{{ tag }} as {{ part }}_{{ tag }}{% endfor -%}{%- endfor %}
        from pit_days_and_asks
        window
            {%- for tag, length in seconds.items() %}
            pit_{{ tag }} as ({{ 'partition by ' ~ on | join(', ') if on }} order by pit_day
                {{ asof.known_before_frame(length ~ ' seconds') }}){{ ',' if not loop.last }}
            {%- endfor %}
    )
    select {{ (on + [as_of]) | join(', ') }}{{ asof._pit_finals(plan, windows, as_of) }}
    from pit_parts
    where pit_asked
{%- endmacro %}
