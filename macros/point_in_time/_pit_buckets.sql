{#- Trailing aggregates for many events per key: a window is a head (from the last boundary to as_of), whole buckets, and
    a tail (from as_of - window to the next boundary). Where as_of lies on a boundary, head and tail cost nothing. -#}
{% macro _pit_buckets(spine, facts, on, windows, seconds, plan, as_of, known_at, where, bucket) -%}
    {%- set keys = (on + ['']) | join(', ') -%}
    {%- set size = {'hour': 3600, 'day': 86400}[bucket] -%}
    with pit_spine as (
        select distinct {{ keys }}{{ as_of }} from {{ spine }}
    ),
    {{ asof._pit_bucketed(facts, on, seconds, plan, as_of, known_at, where, bucket) }},
    {{ asof._pit_fragments(on, seconds, plan, as_of, bucket) }},
    {{ asof._pit_whole_buckets(on, seconds, plan, as_of, bucket, size) }}
    select {{ (on + [as_of]) | join(', ') }}{{ asof._pit_finals(plan, windows, as_of) }}
    from (
        select s.*
            {%- for tag in windows -%}{%- for part, how in plan.parts.items() %},
            {{ asof._pit_merge(how[0], ['w.w_' ~ part ~ '_' ~ tag, 'h.' ~ part, 't_' ~ tag ~ '.' ~ part]) }} as {{ part }}_{{ tag }}
            {%- endfor -%}{%- endfor %}
        from pit_spine as s
        left join pit_whole as w
            on {% for k in on %}s.{{ k }} = w.{{ k }} and {% endfor %}date_trunc('{{ bucket }}', s.{{ as_of }}) = w.pit_bucket
        left join pit_heads as h on {% for k in on %}s.{{ k }} = h.{{ k }} and {% endfor %}s.{{ as_of }} = h.pit_edge
        {%- for tag, length in seconds.items() %}
        left join pit_tails as t_{{ tag }} on {% for k in on %}s.{{ k }} = t_{{ tag }}.{{ k }} and {% endfor -%}
            s.{{ as_of }} - interval '{{ length }} seconds' = t_{{ tag }}.pit_edge
        {%- endfor %}
    ) as pit_merged
{%- endmacro %}
