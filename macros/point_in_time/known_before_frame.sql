{#- The law of time as a window frame: over rows ordered by time, the facts in [current row - window, current row).
    `exclude group` drops the current row and its ties, so the upper bound is `known_before`; the lower bound is closed. Instants are
    whole microseconds, so the same rows end one microsecond earlier: that is the form for different values (`plain_ends`), which DuckDB
    counts a hundred times faster in a frame from which nothing is excluded, and everything else a little slower. -#}
{% macro known_before_frame(window, plain_ends=false) -%}
    {{ return(adapter.dispatch('known_before_frame', 'asof')(window, plain_ends)) }}
{%- endmacro %}

{% macro default__known_before_frame(window, plain_ends) -%}
    {%- if plain_ends -%}
    range between interval '{{ window }}' preceding and interval '1 microsecond' preceding
    {%- else -%}
    range between interval '{{ window }}' preceding and current row exclude group
    {%- endif -%}
{%- endmacro %}

{#- Spark excludes nothing from a frame, and wants both bounds in one unit. -#}
{% macro spark__known_before_frame(window, plain_ends) -%}
    range between interval '{{ asof._pit_seconds('known_before_frame', 'window', window) }}' second preceding
        and interval '0.000001' second preceding
{%- endmacro %}
