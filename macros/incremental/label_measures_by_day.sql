{#- What `oldest_change` compares of measures: what labels say of each day, by how many labels, and how many measures say anything. A query.
    relation     mon_measures, or what is made of it
    days_before  only of days that as many were measured before, within `level_days`: others are
                 dropped, as nothing can be said of them; what changes there waits for the next day that is kept -#}
{% macro label_measures_by_day(relation, days_before=0) -%}
    select problem, day as period, sum(rows) as labels, sum(round(1e6 * value)) as positives
    from (
        select
            *,
            count(*) over (
                partition by problem, measure order by day
                range between interval {{ signal_windows().level_days }} days preceding and interval 1 days preceding
            ) as measured_before
        from {{ relation }}
        where subject = 'label' and problem is not null
    ) as measures
    where measured_before >= {{ days_before }}
    group by problem, day
{%- endmacro %}
