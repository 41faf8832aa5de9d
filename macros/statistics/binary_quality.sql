{#- One row per group of `by`: exact quality of scores against labels, ties included, no row counted twice.

    relation  a CTE or table with the columns of `by`, a label (boolean, not null) and a score in (0, 1)
    by        list of grouping columns
    Returns   by…, rows_labelled, positives, roc_auc (share of pairs ordered rightly, ties one half), pr_auc (average
              precision), log_loss (nats), brier. A group with one class only has no roc_auc.
    Source    Mann and Whitney 1947 for the area; sums over groups of equal score in descending order. -#}
{% macro binary_quality(relation, by, label='label', score='score') -%}
    {%- if by is string or by | length == 0 -%}
        {{ exceptions.raise_compiler_error("binary_quality: by must be a list of columns, not '" ~ by ~ "'") }}
    {%- endif -%}
    {%- set keys = by | join(', ') -%}
    with equal_scores as (
        select {{ keys }}, {{ score }} as at_score, count(*) as n, count_if({{ label }}) as pos
        from {{ relation }}
        group by all
    ),
    cumulated as (
        select
            *,
            sum(pos) over descending as pos_so_far,
            sum(n) over descending as n_so_far,
            sum(pos) over everything as all_pos,
            sum(n) over everything as all_n
        from equal_scores
        window
            descending as (partition by {{ keys }} order by at_score desc),
            everything as (partition by {{ keys }})
    )
    select
        {{ keys }},
        cast(max(all_n) as bigint) as rows_labelled,
        cast(max(all_pos) as bigint) as positives,
        cast(sum((n - pos) * (pos_so_far - 0.5 * pos)) as double)
        / nullif(cast(max(all_pos) as double) * cast(max(all_n) - max(all_pos) as double), 0) as roc_auc,
        sum(cast(pos as double) * pos_so_far / n_so_far) / nullif(max(all_pos), 0) as pr_auc,
        -sum(pos * ln(at_score) + (n - pos) * ln(1 - at_score)) / max(all_n) as log_loss,
        sum(pos * (1 - at_score) * (1 - at_score) + (n - pos) * at_score * at_score) / max(all_n) as brier
    from cumulated
    group by {{ keys }}
{%- endmacro %}
