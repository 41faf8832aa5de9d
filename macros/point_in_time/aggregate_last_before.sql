{#- One row per distinct (on, as_of) of the spine, each kept: aggregates over the last n facts with known_at < as_of, or over all.
    Each fact is summed up with those before it once; an instant then takes the sums of the last fact that it knows. -#}
{% macro aggregate_last_before(spine, facts, on, last, measures, as_of='as_of', known_at='known_at', order_by=none,
                               where=none) -%}
    {%- if not execute -%}{{ return('select 1') }}{%- endif -%}
    {%- set me = 'aggregate_last_before' -%}
    {%- set on = asof._pit_list(me, 'on', on, may_be_empty=true) -%}
    {%- set as_of = asof._pit_column(me, 'as_of', as_of) -%}
    {%- set known_at = asof._pit_column(me, 'known_at', known_at) -%}
    {%- set last = asof._pit_counts(me, last) -%}
    {%- set plan = asof._pit_plan(me, measures, known_at) -%}
    {%- do asof._pit_list(me, 'measures', on + [as_of] + asof._pit_crossed(plan.measures, last)) -%}
    {%- set order = [order_by] if order_by is string else order_by or [] -%}
    {%- do asof._pit_check(me, spine, facts, on, as_of, known_at, dict(asof._pit_uses(measures), order_by=order)) -%}
    {%- set keys = (on + ['']) | join(', ') -%}
    {%- set parts = asof._pit_crossed(plan.parts, last) -%}
    with pit_spine as (
        select distinct {{ keys }}{{ as_of }} from {{ spine }}
    ),
    pit_facts as (
        select {{ keys }}{{ known_at }} as pit_known_at
            {%- for input, alias in plan.inputs.items() %}, {{ input }} as {{ alias }}{% endfor %},
            {#- between facts known at one instant: the caller's order, then what is aggregated, so that it is always the same #}
            row_number() over (
                {{ 'partition by ' ~ on | join(', ') if on }} order by {{ known_at }}
                {%- for one in order + plan.inputs.keys() | list if one != '1' %}, {{ one }} nulls first{% endfor %}
            ) as pit_number
        from {{ facts }}
        where {{ asof._pit_reach(on, where, as_of, known_at) }}
    ),
    pit_summed as (
        select {{ keys }}pit_known_at
            {%- for tag in last -%}{%- for part, how in plan.parts.items() %},
            {{ asof._pit_part(how, 'pit_' ~ tag) }} as {{ part }}_{{ tag }}{% endfor -%}{%- endfor %}
        from pit_facts
        window
            {%- for tag, n in last.items() %}
            pit_{{ tag }} as ({{ 'partition by ' ~ on | join(', ') if on }} order by pit_number
                rows between {{ n - 1 if n else 'unbounded' }} preceding and current row){{ ',' if not loop.last }}
            {%- endfor %}
        qualify row_number() over (partition by {{ keys }}pit_known_at order by pit_number desc) = 1
    ),
    pit_parts as (
        {{ asof.asof_left_join('pit_spine', 'pit_summed', on, as_of, 'pit_known_at', parts) }}
    )
    select {{ (on + [as_of]) | join(', ') }}{{ asof._pit_finals(plan, last, as_of) }}
    from pit_parts
{%- endmacro %}
