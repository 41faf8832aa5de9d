{#- What `oldest_change` compares: labels and positive ones by problem and period, as `mon_proxies` counted them. A query.
    period  expression of its column day, such as the Monday before
    where   which rows of `mon_proxies`, by default all -#}
{% macro labels_by_period(period='day', where='true') -%}
    select
        problem,
        {{ period }} as period,
        sum(rows_labelled) as labels,
        sum(round(coalesce(label_rate * rows_labelled, 0))) as positives
    from {{ ref('mon_proxies') }}
    where {{ where }}
    group by problem, {{ period }}
{%- endmacro %}
