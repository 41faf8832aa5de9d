{#- Trailing aggregates that can be subtracted: a fact enters at known_at and leaves at known_at + window, so a window is the
    sum of all that entered or left before as_of. Summed level by level (hours, days, all days), never over a whole window. -#}
{% macro _pit_running(spine, facts, on, windows, seconds, plan, as_of, known_at, where, bucket) -%}
    {%- set keys, levels = (on + ['']) | join(', '), ['hour', 'day'] if bucket == 'hour' else ['day'] -%}
    {%- set columns = [] -%}
    {%- for tag in windows -%}{%- for part in plan.parts -%}{%- do columns.append(part ~ '_' ~ tag) -%}{%- endfor -%}{%- endfor -%}
    with pit_spine as (
        select distinct {{ keys }}{{ as_of }} from {{ spine }}
    ),
    pit_facts as (
        select {{ keys }}{{ known_at }} as pit_at
            {%- for input, alias in plan.inputs.items() %}, {{ input }} as {{ alias }}{% endfor %}
        from {{ facts }}
        where {{ asof._pit_reach(on, where, as_of, known_at, seconds.values() | max) }}
    ),
    pit_flow_0 as (
        {{ asof._pit_flow(on, seconds, plan) }}
    ),
    pit_ask_0 as (
        select {{ keys }}{{ as_of }} as pit_at from pit_spine where {{ asof._pit_filter(on) }}
    ),
    {%- for level in levels %}
    pit_flow_{{ loop.index }} as (
        select {{ keys }}date_trunc('{{ level }}', pit_at) as pit_at
            {%- for column in columns %}, sum({{ column }}) as {{ column }}{% endfor %}
        from pit_flow_{{ loop.index0 }}
        group by {{ keys }}date_trunc('{{ level }}', pit_at)
    ),
    pit_ask_{{ loop.index }} as (
        select distinct {{ keys }}date_trunc('{{ level }}', pit_at) as pit_at from pit_ask_{{ loop.index0 }}
    ),
    {%- endfor %}
    {{ asof._pit_running_levels(on, levels, columns) }}
    select {{ (on + [as_of]) | join(', ') }}{{ asof._pit_finals(plan, windows, as_of) }}
    from (
        {{ asof._pit_running_answers(on, windows, plan, as_of) }}
    ) as pit_answers
{%- endmacro %}
