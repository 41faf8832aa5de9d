{#- The buckets form where every instant is a bucket's start: there is no head and no tail, and a window is whole buckets. -#}
{% macro _pit_midnights(spine, facts, on, windows, seconds, plan, as_of, known_at, where, bucket) -%}
    {%- set size = {'hour': 3600, 'day': 86400}[bucket] -%}
    {#- up to the bucket before as_of: one bucket more than between two open ends -#}
    {%- set whole = {} -%}
    {%- for tag, length in seconds.items() -%}{%- do whole.update({tag: length + size}) -%}{%- endfor -%}
    with pit_spine as (
        select {{ (on + [as_of]) | join(', ') }} from {{ spine }}
    ),
    {{ asof._pit_bucketed(facts, on, seconds, plan, as_of, known_at, where, bucket) }},
    {{ asof._pit_whole_buckets(on, whole, plan, as_of, bucket, size) }}
    select {{ (on + [as_of]) | join(', ') }}{{ asof._pit_finals(plan, windows, as_of) }}
    from (
        select {{ (on + ['pit_bucket as ' ~ as_of]) | join(', ') }}
            {%- for tag in windows -%}{%- for part in plan.parts %},
            w_{{ part }}_{{ tag }} as {{ part }}_{{ tag }}{% endfor -%}{%- endfor %}
        from pit_whole
    ) as pit_merged
{%- endmacro %}
