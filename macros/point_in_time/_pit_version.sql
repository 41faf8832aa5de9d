{#- The greatest (event_at, known_at, order) among the facts visible before as_of: rank the facts once in that order, take
    the running maximum of the rank over the instants at which they become visible, and look it up with one as-of join. -#}
{% macro _pit_version(spine, facts, on, take, event_at, known_at, visible_at, as_of, order, where) -%}
    {%- set keys = (on + ['']) | join(', ') -%}
    {%- set partition = 'partition by ' ~ on | join(', ') if on else '' -%}
    with pit_spine as (
        select distinct {{ keys }}{{ as_of }} from {{ spine }}
    ),
    pit_facts as (
        select
            {{ keys }}{{ visible_at }} as pit_visible_at,
            row_number() over (
                {{ partition }} order by {{ event_at }}, {{ known_at }}
                {%- for o in order + take.values() | list %}, {{ o }} nulls first{% endfor %}
            ) as pit_rank
            {%- for out, expression in take.items() %},
            {{ expression }}{{ ' as ' ~ out if out != expression }}{% endfor %}
        from {{ facts }}
        where {{ known_at }} is not null and {{ event_at }} is not null and {{ asof._pit_filter(on, where) }}
    ),
    pit_latest as (
        select distinct
            {{ keys }}pit_visible_at, max(pit_rank) over ({{ partition }} order by pit_visible_at) as pit_rank
        from pit_facts
    ),
    pit_seen as (
        {{ asof.asof_left_join('pit_spine', 'pit_latest', on, as_of, 'pit_visible_at', ['pit_rank']) }}
    )
    select s.{{ (on + [as_of]) | join(', s.') }}
        {%- for out in take %},
        f.{{ out }}{% endfor %}
    from pit_seen as s
    left join pit_facts as f on {% for column in on %}s.{{ column }} = f.{{ column }} and {% endfor %}s.pit_rank = f.pit_rank
{%- endmacro %}
