{#- `pit_whole`: per bucket that holds an instant, and per window, the merged parts of the whole buckets
    between the tail's and this one. Many instants share a bucket, so this is far less than a window over the instants. -#}
{% macro _pit_whole_buckets(on, seconds, plan, as_of, bucket, size) -%}
    {%- set keys = (on + ['']) | join(', ') -%}
    {%- set merge = {'min': 'min', 'max': 'max'} -%}
    pit_whole as (
        select {{ keys }}pit_bucket
            {%- for tag in seconds -%}{%- for part in plan.parts %}, w_{{ part }}_{{ tag }}{% endfor -%}{%- endfor %}
        from (
            select {{ keys }}pit_bucket, pit_asked
                {%- for tag in seconds -%}{%- for part, how in plan.parts.items() %},
                {{ merge.get(how[0], 'sum') }}({{ part }}) over pit_{{ tag }} as w_{{ part }}_{{ tag }}
                {%- endfor -%}{%- endfor %}
            from (
                select {{ keys }}pit_bucket, false as pit_asked
                    {%- for part in plan.parts %}, {{ part }}{% endfor %}
                from pit_buckets
                union all
                select distinct {{ keys }}date_trunc('{{ bucket }}', {{ as_of }}), true
                    {%- for part in plan.parts %}, null{% endfor %}
                from pit_spine
            ) as pit_ordered
            window
                {%- for tag, length in seconds.items() %}
                pit_{{ tag }} as ({{ 'partition by ' ~ on | join(', ') if on }} order by pit_bucket
                    {{ asof.known_before_frame((length - size) ~ ' seconds') }}){{ ',' if not loop.last }}
                {%- endfor %}
        ) as pit_windowed
        where pit_asked
    )
{%- endmacro %}
