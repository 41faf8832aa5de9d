{#- One row per entity (on) and instant start, start + every, … <= until, for entities with at least `at_least` facts
    known before the instant, the last of them (with active_within) no longer ago than that. -#}
{% macro cohort_on_schedule(facts, on, every, start, until, known_at='known_at', as_of='as_of', at_least=1,
                            active_within=none, where=none, since=none) -%}
    {%- if not execute -%}{{ return('select 1') }}{%- endif -%}
    {%- set me = 'cohort_on_schedule' -%}
    {%- set on = asof._pit_list(me, 'on', on) -%}
    {%- set as_of = asof._pit_column(me, 'as_of', as_of) -%}
    {%- set known_at = asof._pit_column(me, 'known_at', known_at) -%}
    {%- do asof._pit_seconds(me, 'every', every) -%}
    {%- if active_within is not none -%}{%- do asof._pit_seconds(me, 'active_within', active_within) -%}{%- endif -%}
    {%- if at_least is not integer or at_least < 1 -%}{{ asof._pit_error(me, 'at_least', 'is not a positive number') }}{%- endif -%}
    {%- for argument, value in {'start': start, 'until': until}.items() if not value -%}
        {{ asof._pit_error(me, argument, 'is missing') }}
    {%- endfor -%}
    {%- do asof._pit_check(me, false, facts, on, as_of, known_at) -%}
    with pit_instants as (
        {{ asof.instants_between(start, until, every, as_of) }}
    ),
    pit_facts as (
        select {{ on | join(', ') }}, {{ known_at }} as pit_known_at,
            row_number() over (partition by {{ on | join(', ') }} order by {{ known_at }}) as pit_number,
            lead({{ known_at }}) over (partition by {{ on | join(', ') }} order by {{ known_at }}) as pit_next_at
        from {{ facts }}
        where {{ known_at }} is not null and {{ asof._pit_filter(on, where) }}
    )
    {#- The last of an entity's facts before an instant is the one whose next comes at the instant or later: one match at most. #}
    select f.{{ on | join(', f.') }}, i.{{ as_of }}
    from pit_instants as i
    inner join pit_facts as f
        on {{ asof.known_before('f.pit_known_at', 'i.' ~ as_of) }}
        and (f.pit_next_at is null or not ({{ asof.known_before('f.pit_next_at', 'i.' ~ as_of) }}))
    where f.pit_number >= {{ at_least }}
        {%- if active_within %} and f.pit_known_at >= i.{{ as_of }} - interval '{{ active_within }}'{% endif %}
        {%- if since %} and i.{{ as_of }} > {{ since }}{% endif %}
{%- endmacro %}
