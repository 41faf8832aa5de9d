{#- Rows, labels and positive ones by problem and period, as `mon_proxies` counted them: among others what `oldest_change` compares. A query.
    period    expression of its column day, such as the Monday before
    where     which rows of `mon_proxies`, by default all
    relation  `mon_proxies` by another name, for the model itself -#}
{% macro labels_by_period(period='day', where='true', relation=none) -%}
    select
        problem,
        {{ period }} as period,
        sum(rows) as rows,
        sum(rows_labelled) as labels,
        sum(round(coalesce(label_rate * rows_labelled, 0))) as positives
    from {{ relation or ref('mon_proxies') }}
    where {{ where }}
    group by problem, {{ period }}
{%- endmacro %}
