{#- Of the flights that left late or on time or were cancelled in a window, or still wait: the share that is in trouble.

    recent  a CTE with late_<tag>, departed_<tag>, cancelled_<tag>;  today  one with waiting_today -#}
{% macro share_in_trouble(recent, tag, today) -%}
    cast({{ recent }}.late_{{ tag }} + {{ recent }}.cancelled_{{ tag }} + coalesce({{ today }}.waiting_today, 0) as double)
    / nullif({{ recent }}.departed_{{ tag }} + {{ recent }}.cancelled_{{ tag }} + coalesce({{ today }}.waiting_today, 0), 0)
{%- endmacro %}
