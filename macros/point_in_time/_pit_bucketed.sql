{#- `pit_facts`: the facts that `pit_spine` can see, with their bucket. `pit_buckets`: their parts, bucket by bucket. -#}
{% macro _pit_bucketed(facts, on, seconds, plan, as_of, known_at, where, bucket) -%}
    {%- set keys = (on + ['']) | join(', ') -%}
    pit_facts as (
        select {{ keys }}{{ known_at }} as pit_at, date_trunc('{{ bucket }}', {{ known_at }}) as pit_bucket
            {%- for input, alias in plan.inputs.items() %}, {{ input }} as {{ alias }}{% endfor %}
        from {{ facts }}
        where {{ asof._pit_reach(on, where, as_of, known_at, seconds.values() | max) }}
    ),
    pit_buckets as (
        select {{ keys }}pit_bucket
            {%- for part, how in plan.parts.items() %}, {{ asof._pit_part(how) }} as {{ part }}{% endfor %}
        from pit_facts
        group by {{ keys }}pit_bucket
    )
{%- endmacro %}
