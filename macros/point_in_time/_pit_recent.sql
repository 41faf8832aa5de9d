{#- The answer of an as-of join as it is, or, with `seconds`, without the facts that were known longer ago than that. -#}
{% macro _pit_recent(joined, on, take, as_of, last_known_at, seconds) -%}
    {%- if not seconds -%}{{ return(joined) }}{%- endif -%}
    {%- set recent = 'pit_last_at >= ' ~ as_of ~ " - interval '" ~ seconds ~ " seconds'" -%}
    select {{ (on + [as_of]) | join(', ') }}
        {%- for out in take %},
        case when {{ recent }} then {{ out }} end as {{ out }}{% endfor %}
        {%- if last_known_at %},
        case when {{ recent }} then pit_last_at end as {{ last_known_at }}{% endif %}
    from (
        {{ joined }}
    ) as pit_joined
{%- endmacro %}
