{#- A score's bin: a quarter of a log-odds wide, 24 of them from .05 to .95 and what lies beyond in the outer two. Wide enough
    for a few hundred rows a month, narrow enough that one rate speaks for all of it. Integer; an expression. -#}
{% macro log_odds_bin(score) -%}
    cast(floor(4 * {{ log_odds('greatest(0.05, least(0.95, ' ~ score ~ '))') }}) as integer)
{%- endmacro %}
