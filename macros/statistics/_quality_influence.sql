{#- One row per group of `by` and cluster: the derivative of each metric of `quality_of_counts` by the weight of the cluster.
    Over the clusters of a group each metric's derivatives sum to 0.

    For the area under the ROC curve: the pairs of the cluster's positives with all negatives and of its negatives with all
    positives, less what its share of either class accounts for. For average precision: the precision at the cluster's own
    positives, and what its rows do to the precision at every positive below them. Means move by their distance from the mean. -#}
{% macro _quality_influence(relation, by, cluster, score, rows, positives) -%}
    {%- set keys = by | join(', ') -%}
    with curve as (
        {{ _score_curve(relation, by, score, rows, positives) }}
    ),
    rates as (
        select
            *,
            sum(neg) over ascending - 0.5 * neg as neg_below,
            pos_so_far - 0.5 * pos as pos_above,
            sum(pos / n_so_far) over ascending as found_below,
            sum(pos * pos_so_far / (n_so_far * n_so_far)) over ascending as lost_below,
            sign(sum(n * at_score - pos) over same_bin) as side
        from curve
        window
            ascending as (partition by {{ keys }} order by at_score rows between unbounded preceding and current row),
            same_bin as (partition by {{ keys }}, bin order by at_score rows between unbounded preceding and unbounded following)
    ),
    each_point as (
        select
            {{ keys }}, {{ cluster }}, {{ score }} as at_score,
            cast(sum({{ rows }}) as double) as d_n,
            cast(sum({{ positives }}) as double) as d_pos
        from {{ relation }}
        group by all
    ),
    each_cluster as (
        select
            {{ keys }}, {{ cluster }},
            max(all_n) as all_n, max(all_pos) as all_pos, max(all_n) - max(all_pos) as all_neg,
            sum(d_n) as d_n, sum(d_pos) as d_pos, sum(d_n) - sum(d_pos) as d_neg,
            {{ exact_sum('d_pos * neg_below + (d_n - d_pos) * pos_above') }} as pairs,
            {{ exact_sum('d_pos * (pos_so_far / n_so_far + found_below) - d_n * lost_below') }} as precisions,
            -{{ exact_sum('d_pos * ln(at_score) + (d_n - d_pos) * ln(1 - at_score)') }} as loss,
            {{ exact_sum('d_pos * (1 - at_score) * (1 - at_score) + (d_n - d_pos) * at_score * at_score') }} as squares,
            {{ exact_sum('side * (d_n * at_score - d_pos)') }} as gap
        from each_point
        inner join rates using ({{ keys }}, at_score)
        group by all
    ),
    totals as (
        select *, {% for sum in ['pairs', 'precisions', 'loss', 'squares', 'gap'] %}
            sum({{ sum }}) over all_clusters as all_{{ sum }}{{ ',' if not loop.last }}{% endfor %}
        from each_cluster
        window all_clusters as (partition by {{ keys }} order by {{ cluster }} rows between unbounded preceding and unbounded following)
    )
    select
        {{ keys }}, {{ cluster }},
        (pairs - all_pairs / 2 * (d_pos / nullif(all_pos, 0) + d_neg / nullif(all_neg, 0))) / nullif(all_pos * all_neg, 0) as roc_auc,
        (precisions - all_precisions * d_pos / nullif(all_pos, 0)) / nullif(all_pos, 0) as pr_auc,
        (loss - all_loss * d_n / all_n) / all_n as log_loss,
        (squares - all_squares * d_n / all_n) / all_n as brier,
        (gap - all_gap * d_n / all_n) / all_n as ece
    from totals
{%- endmacro %}
