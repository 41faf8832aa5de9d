{#- `pit_heads`: the parts from a bucket's start to an as_of in it. `pit_tails`: the parts from a window's start to the
    end of its bucket; the tail of a window that starts on a boundary is that whole bucket, already aggregated. -#}
{% macro _pit_fragments(on, seconds, plan, as_of, bucket) -%}
    {%- set keys = (on + ['']) | join(', ') -%}
    {%- set matched %}{% for k in on %}e.{{ k }} = f.{{ k }} and {% endfor %}date_trunc('{{ bucket }}', e.pit_edge) = f.pit_bucket{% endset -%}
    {%- set grouped %}{% for k in on %}e.{{ k }}, {% endfor %}e.pit_edge{% endset -%}
    {%- set parts -%}
        {%- for part, how in plan.parts.items() %}, {{ asof._pit_part(how, prefix='f.') }} as {{ part }}{% endfor -%}
    {%- endset -%}
    pit_heads as (
        select {{ grouped }}{{ parts }}
        from (select {{ keys }}{{ as_of }} as pit_edge from pit_spine) as e
        inner join pit_facts as f on {{ matched }} and {{ asof.known_before('f.pit_at', 'e.pit_edge') }}
        where e.pit_edge <> date_trunc('{{ bucket }}', e.pit_edge)
        group by {{ grouped }}
    ),
    pit_tails as (
        select {{ grouped }}{{ parts }}
        from (
            {%- for length in seconds.values() %}
            select {{ keys }}{{ as_of }} - interval '{{ length }} seconds' as pit_edge from pit_spine
            {{- ' union' if not loop.last }}
            {%- endfor %}
        ) as e
        inner join pit_facts as f on {{ matched }} and f.pit_at >= e.pit_edge
        where e.pit_edge <> date_trunc('{{ bucket }}', e.pit_edge)
        group by {{ grouped }}
        union all
        select {{ keys }}pit_bucket as pit_edge{% for part in plan.parts %}, {{ part }}{% endfor %} from pit_buckets
    )
{%- endmacro %}
