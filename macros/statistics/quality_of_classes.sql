{#- One row per group of `by` and metric: value, low, high, rows_labelled and clusters. A SELECT for a CTE's parentheses.

    The mean area is that of `quality_of_counts`, class by class; what a cluster moves it by is the mean of what it moves each of them by.
    Source: Hand and Till 2001 for areas of several classes, here each against all others; Efron 1982, 6.3 for the intervals. -#}
{% macro quality_of_classes(relation, by, cluster='day', overlaps=none, overlap_by=none) -%}
    {%- set keys = by | join(', ') -%}
    {%- set of_class = by + ['class'] -%}
    with counted as (
        select {{ keys }}, {{ cluster }}, class, greatest(least(score, 1 - 1e-15), 1e-15) as score, 1 as rows, cast(is_true as integer) as positives
        from {{ relation }}
    ),
    areas as (
        {{ quality_of_counts('counted', by=of_class) }}
    ),
    areas_moved as (
        {{ _quality_influence('counted', of_class, cluster, 'score', 'rows', 'positives') }}
    ),
    losses as (
        select {{ keys }}, {{ cluster }}, count(*) as n,
            {{ exact_sum('-ln(greatest(score, 2.220446049250313e-16))') }} as log_loss,
            {{ exact_sum('cast(is_predicted as integer)') }} as accuracy
        from {{ relation }}
        where is_true
        group by {{ keys }}, {{ cluster }}
    ),
    overall as (
        select {{ keys }}, sum(n) as n, count(*) as clusters{% for one in ['log_loss', 'accuracy'] %}, {{ exact_sum(one) }} / sum(n) as {{ one }}{% endfor %}
        from losses
        group by {{ keys }}
    ),
    moved as (
        {%- for metric in ['log_loss', 'accuracy'] %}
        select {{ keys }}, {{ cluster }}, '{{ metric }}' as metric, (losses.{{ metric }} - overall.{{ metric }} * losses.n) / overall.n as moved
        from losses
        inner join overall using ({{ keys }})
        union all
        {%- endfor %}
        select {{ keys }}, {{ cluster }}, 'macro_roc_auc', {{ exact_mean('roc_auc') }} from areas_moved group by {{ keys }}, {{ cluster }}
    ),
    valued as (
        select {{ keys }}, 'log_loss' as metric, log_loss as value, 'infinity' as most from overall
        union all
        select {{ keys }}, 'accuracy', accuracy, '1' from overall
        union all
        select {{ keys }}, 'macro_roc_auc', {{ exact_mean('roc_auc') }}, '1' from areas group by {{ keys }}
    ),
    spreads as (
        {{ _long_run('moved', by + ['metric'], cluster, ['moved'], overlaps, overlap_by) }}
    ),
    reaching as (
        select {{ keys }}, metric, value, overall.clusters, n, freedom, sqrt(moved) as se, most
        from valued
        inner join spreads using ({{ keys }}, metric)
        inner join overall using ({{ keys }})
        where value is not null
    )
    select {{ keys }}, metric, value, clusters, cast(n as bigint) as rows_labelled, {{ reach_of_metric() }}
    from reaching
{%- endmacro %}
