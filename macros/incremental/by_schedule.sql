{#- Whether runs come by a schedule and not by hand: in six different hours of the day that is looked at. An aggregate.
    started_at  when each run began -#}
{% macro by_schedule(started_at) -%}
    count(distinct date_trunc('hour', {{ started_at }})) >= 6
{%- endmacro %}
