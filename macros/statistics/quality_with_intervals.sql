{#- One row per group of `by`: `quality_of_counts` with a 95 % interval for each metric that treats a cluster, such as a day, as
    one observation. A SELECT for a CTE's parentheses.

    Closed form, linear in the number of points: the infinitesimal jackknife. `_quality_influence` says how much each metric
    would move if a day counted a little more; the variance is the sum of the squares of those, times D / (D - 1), and what days share
    whose labels share outcomes (`_long_run`).

    relation   a CTE or table with the columns of `by`, the cluster, a score in (0, 1), rows and positives
    by         list of grouping columns
    cluster    column: rows of the same cluster are not independent of each other
    overlaps   a CTE or table with overlap, how many clusters in a row share outcomes, and the columns of `overlap_by`, which are some of
               `by`; none: they share nothing
    Returns    by…, rows_labelled, positives, the five metrics, clusters, and <metric>_low, <metric>_high: null below 4 clusters, and
               below three stretches that share nothing.
               The interval of ece is rough: it is not smooth, and never below 0 by chance either.
    Source     Efron, The Jackknife, the Bootstrap and Other Resampling Plans, 1982, 6.3; Obuchowski 1997 for areas. -#}
{% macro quality_with_intervals(relation, by, cluster='day', score='score', rows='rows', positives='positives', overlaps=none, overlap_by=none) -%}
    {%- set keys = by | join(', ') -%}
    {%- set metrics = ['roc_auc', 'pr_auc', 'log_loss', 'brier', 'ece'] -%}
    with quality as (
        {{ quality_of_counts(relation, by, score, rows, positives) }}
    ),
    influence as (
        {{ _quality_influence(relation, by, cluster, score, rows, positives) }}
    ),
    variances as (
        {{ _long_run('influence', by, cluster, metrics, overlaps, overlap_by) }}
    ),
    spread as (
        select
            {{ keys }},
            clusters
            {%- for metric in metrics %},
            sqrt({{ metric }}) * {{ student_quantile('freedom') }} as {{ metric }}
            {%- endfor %}
        from variances
    )
    select
        quality.*,
        spread.clusters
        {%- for metric in metrics %},
        case when spread.{{ metric }} >= 0 then greatest(quality.{{ metric }} - spread.{{ metric }}, 0) end as {{ metric }}_low,
        {% if metric == 'log_loss' -%}
        quality.{{ metric }} + spread.{{ metric }} as {{ metric }}_high
        {%- else -%}
        case when spread.{{ metric }} >= 0 then least(quality.{{ metric }} + spread.{{ metric }}, 1) end as {{ metric }}_high
        {%- endif %}
        {%- endfor %}
    from quality
    inner join spread using ({{ keys }})
{%- endmacro %}
