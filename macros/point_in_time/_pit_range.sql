{#- Trailing aggregates by frames: spine and facts in one ordered set, one sort for all windows. Facts that no window of the spine can
    reach are left out first, so a new day costs the longest window. -#}
{% macro _pit_range(spine, facts, on, windows, seconds, plan, as_of, known_at, where) -%}
    {%- set keys = (on + ['']) | join(', ') -%}
    {%- set longest = seconds.values() | max -%}
    {%- set counts_different = 'distinct' in plan.parts.values() | map('first') -%}
    with pit_spine as (
        select distinct {{ keys }}{{ as_of }} from {{ spine }}
    ),
    pit_events as (
        select {{ keys }}{{ known_at }} as pit_at, false as pit_asked
            {%- for input, alias in plan.inputs.items() %}, {{ input }} as {{ alias }}{% endfor %}
        from {{ facts }}
        where {{ asof._pit_reach(on, where, as_of, known_at, longest) }}
        union all
        select {{ keys }}{{ as_of }} as pit_at, true as pit_asked
            {%- for alias in plan.inputs.values() %}, null as {{ alias }}{% endfor %}
        from pit_spine
    ),
    pit_parts as (
        select {{ keys }}pit_at as {{ as_of }}, pit_asked
            {%- for tag in windows -%}{%- for part, how in plan.parts.items() %},
            {{ asof._pit_part(how, ('pit_different_' if how[0] == 'distinct' else 'pit_') ~ tag) }} as {{ part }}_{{ tag }}{% endfor -%}{%- endfor %}
        from pit_events
        window
            {%- for tag, window in windows.items() %}
            pit_{{ tag }} as ({{ 'partition by ' ~ on | join(', ') if on }} order by pit_at
                {{ asof.known_before_frame(window) }}){{ ',' if not loop.last or counts_different }}
            {%- endfor %}
            {%- for tag, window in windows.items() if counts_different %}
            pit_different_{{ tag }} as ({{ 'partition by ' ~ on | join(', ') if on }} order by pit_at
                {{ asof.known_before_frame(window, plain_ends=true) }}){{ ',' if not loop.last }}
            {%- endfor %}
    )
    select {{ (on + [as_of]) | join(', ') }}{{ asof._pit_finals(plan, windows, as_of) }}
    from pit_parts
    where pit_asked
{%- endmacro %}
