{#- Whether counts of a day may teach what a period is measured by: the four weeks of days that were old enough when it ended for
    practically every label to have arrived, and only labels known by then. Of younger days just the fast labels could be seen. A condition.
    counts   relation with `day` and `known_day`
    end_day  the first day after the period
    delay    days until practically every label has arrived, as `mon_label_delay` knew them then -#}
{% macro is_reference_day(counts, end_day, delay) -%}
    {{ counts }}.day < {{ end_day }} - {{ delay }}
        and {{ counts }}.day >= {{ end_day }} - {{ delay }} - {{ var('estimation').reference_days }}
        and {{ counts }}.known_day < {{ end_day }}
{%- endmacro %}
