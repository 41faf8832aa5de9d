{#- What `oldest_change` compares of measures: the label rate of each day, once it is known of nine labels in ten. A query.
    relation  mon_measures, or what is made of it
    after     where given, only days after the first one that this relation has: what comes before has too short a past -#}
{% macro label_rates_by_day(relation, after=none) -%}
    select problem, day as period, count(*) as labels, sum(round(1e6 * value)) as positives
    from {{ relation }}
    where
        measure = 'label_rate'
        {%- if after %}
        and day > coalesce((select min(day) from {{ after }} where measure = 'label_rate'), date '0001-01-01')
        {%- endif %}
    group by problem, day
{%- endmacro %}
