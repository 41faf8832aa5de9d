{#- The frame over (current row, current row + window], open at the row itself and its ties, closed at the end. -#}
{% macro _pit_within_frame(window) -%}
    {{ return(adapter.dispatch('_pit_within_frame', 'asof')(window)) }}
{%- endmacro %}

{% macro default___pit_within_frame(window) -%}
    range between current row and interval '{{ window }}' following exclude group
{%- endmacro %}

{% macro spark___pit_within_frame(window) -%}
    range between interval '0.000001' second following
        and interval '{{ asof._pit_seconds('_pit_within_frame', 'window', window) }}' second following
{%- endmacro %}
