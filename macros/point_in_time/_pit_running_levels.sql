{#- `pit_sum_<level>`: per key and asked instant of a level, all that flowed before it. The top level is a running sum; each
    level below adds, to what flowed before its own bucket, what flowed earlier in the bucket: few rows, joined by equality. -#}
{% macro _pit_running_levels(on, levels, columns) -%}
    {%- set keys, top = (on + ['']) | join(', '), levels | length -%}
    pit_sum_{{ top }} as (
        select {{ keys }}pit_at{% for column in columns %}, {{ column }}{% endfor %}
        from (
            select {{ keys }}pit_at, pit_asked
                {%- for column in columns %}, coalesce(sum({{ column }}) over pit_so_far, 0) as {{ column }}{% endfor %}
            from (
                select {{ keys }}pit_at, 1 as pit_asked{% for column in columns %}, 0 as {{ column }}{% endfor %}
                from pit_ask_{{ top }}
                union all
                select {{ keys }}pit_at, 2 as pit_asked{% for column in columns %}, {{ column }}{% endfor %}
                from pit_flow_{{ top }}
            ) as pit_ordered
            {#- an instant stands before what flows at it, so nothing of its own time is in its sum #}
            window pit_so_far as ({{ 'partition by ' ~ on | join(', ') if on }} order by pit_at, pit_asked rows unbounded preceding)
        ) as pit_summed
        where pit_asked = 1
    )
    {%- for level in levels | reverse %}
    {%- set at = top - loop.index %},
    pit_sum_{{ at }} as (
        select {% for k in on %}a.{{ k }}, {% endfor %}a.pit_at{% for column in columns %}, sum(f.{{ column }}) as {{ column }}{% endfor %}
        from pit_ask_{{ at }} as a
        inner join (
            select {{ keys }}date_trunc('{{ level }}', pit_at) as pit_bucket, pit_at{% for column in columns %}, {{ column }}{% endfor %}
            from pit_flow_{{ at }}
            union all
            select {{ keys }}pit_at, timestamp '0001-01-01'{% for column in columns %}, {{ column }}{% endfor %}
            from pit_sum_{{ at + 1 }}
        ) as f on {% for k in on %}a.{{ k }} = f.{{ k }} and {% endfor %}date_trunc('{{ level }}', a.pit_at) = f.pit_bucket
            and {{ asof.known_before('f.pit_at', 'a.pit_at') }}
        group by {% for k in on %}a.{{ k }}, {% endfor %}a.pit_at
    )
    {%- endfor %}
{%- endmacro %}
