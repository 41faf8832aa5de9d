{#- The columns of an answer from an as-of join; with `seconds`, those of facts that were known longer ago than that are null. -#}
{% macro _pit_recent(joined, on, take, as_of, last_known_at, seconds) -%}
    {%- set recent = 'case when pit_last_at >= ' ~ as_of ~ " - interval '" ~ seconds ~ " seconds' then " -%}
    select {{ (on + [as_of]) | join(', ') }}
        {%- for out in take.keys() | list + ([last_known_at] if last_known_at else []) %},
        {% if seconds %}{{ recent }}{{ 'pit_last_at' if out == last_known_at else out }} end as {% endif %}{{ out }}{% endfor %}
    from (
        {{ joined }}
    ) as pit_joined
{%- endmacro %}
