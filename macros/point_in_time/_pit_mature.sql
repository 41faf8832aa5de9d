{#- The labels of `pit_labels` that the clock allows: known when the horizon and the delay are over, a positive with its first
    fact if it is `early`. Facts that come later still are ignored, so a label never changes once known. -#}
{% macro _pit_mature(on, as_of, now, early) -%}
    {%- set known -%}
        {{ asof.known_before('pit_label_known_at', now) }}
    {%- endset -%}
    select {{ (on + [as_of]) | join(', ') }},
        case when {{ known }} then cast(pit_positive as integer) end as label,
        case when {{ known }} then pit_label_known_at end as label_known_at
    from (
        select *, case when pit_positive and {{ early }} then pit_known_at else pit_matures_at end as pit_label_known_at
        from pit_labels
    ) as pit_decided
{%- endmacro %}
