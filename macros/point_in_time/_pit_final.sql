{#- A measure from its parts in one window. Nothing in the window: counts are 0, everything else null. -#}
{% macro _pit_final(aggregate, input, tag, as_of) -%}
    {%- set n, s, q = input ~ '_n_' ~ tag, input ~ '_s_' ~ tag, input ~ '_q_' ~ tag -%}
    {%- set lo, hi = input ~ '_lo_' ~ tag, input ~ '_hi_' ~ tag -%}
    {%- if aggregate == 'count' -%} cast(coalesce({{ n }}, 0) as bigint)
    {%- elif aggregate in ['count_if', 'total'] -%} cast(coalesce({{ s }}, 0) as bigint)
    {%- elif aggregate == 'sum' -%} cast({{ s }} as double)
    {%- elif aggregate in ['mean', 'share'] -%} cast({{ s }} as double) / nullif({{ n }}, 0)
    {%- elif aggregate == 'stddev' -%}
        case when {{ n }} > 1 then sqrt(greatest(0, {{ n }} * cast({{ q }} as double)
            - cast({{ s }} as double) * cast({{ s }} as double)) / (cast({{ n }} as double) * ({{ n }} - 1))) end
    {%- elif aggregate == 'min' -%} {{ lo }}
    {%- elif aggregate == 'max' -%} {{ hi }}
    {%- elif aggregate == 'first' -%} {{ lo }}.x
    {%- elif aggregate == 'last' -%} {{ hi }}.x
    {%- elif aggregate == 'time_since' -%} {{ asof.seconds_between(hi, as_of) }}
    {%- elif aggregate == 'time_since_first' -%} {{ asof.seconds_between(lo, as_of) }}
    {%- elif aggregate == 'distinct' -%} coalesce({{ input }}_d_{{ tag }}, 0)
    {%- endif -%}
{%- endmacro %}
