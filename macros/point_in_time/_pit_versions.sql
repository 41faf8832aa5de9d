{#- Each version of a fact, with when its fact was first known and when the next version was known. -#}
{% macro _pit_versions(facts, fact, known_at, order) -%}
    select
        *,
        min({{ known_at }}) over (partition by {{ fact | join(', ') }}) as pit_first_at,
        lead({{ known_at }}) over (
            partition by {{ fact | join(', ') }} order by {{ known_at }}{% for o in order %}, {{ o }} nulls first{% endfor %}
        ) as pit_until
    from {{ facts }}
    where {{ known_at }} is not null
{%- endmacro %}
