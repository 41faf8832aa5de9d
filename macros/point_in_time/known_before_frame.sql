{#- The law of time as a window frame: over rows ordered by time, the facts in [current row - window, current row).
    `exclude group` drops the current row and its ties, so the upper bound is `known_before`; the lower bound is closed. -#}
{% macro known_before_frame(window) -%}
    {{ return(adapter.dispatch('known_before_frame', 'asof')(window)) }}
{%- endmacro %}

{% macro default__known_before_frame(window) -%}
    range between interval '{{ window }}' preceding and current row exclude group
{%- endmacro %}
