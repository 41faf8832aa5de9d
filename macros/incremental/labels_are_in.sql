{#- Whether the labels of a week are a fair sample of it: what is known first is none, positives show themselves before the others are
    over. All but a few are in, or the week is too old to wait for those. A condition.
    labelled, rows  counts of the week
    week            its first day
    now             the clock -#}
{% macro labels_are_in(labelled, rows, week, now) -%}
    (
        {{ most_labels_are_in(labelled, rows) }}
        or {{ week }} + interval {{ 7 + var('monitors_stay_open_days') }} days <= {{ now }}
    )
{%- endmacro %}
