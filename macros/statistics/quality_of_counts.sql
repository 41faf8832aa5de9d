{#- One row per group of `by`: the quality of scores given as counts. A SELECT for a CTE's parentheses.

    Exact where a point is a distinct score; within 1e-5 where it is the middle of one of 65,536 cells, and then counts of days add up.

    relation   a CTE or table with the columns of `by`, a score in (0, 1), rows and positives; rows of the same score add up
    by         list of grouping columns
    Returns    by…, rows_labelled, positives, roc_auc (share of pairs ordered rightly, ties one half), pr_auc (average
               precision), log_loss (nats), brier, ece (mean distance of score and rate over fifteen bins of equal rows, as the gates
               measure it). Areas are null where a class is missing.
    Source     Mann and Whitney 1947 for the area; sums over groups of equal score in descending order. -#}
{% macro quality_of_counts(relation, by, score='score', rows='rows', positives='positives') -%}
    {%- if by is string or by | length == 0 -%}
        {{ exceptions.raise_compiler_error("quality_of_counts: by must be a list of columns, not '" ~ by ~ "'") }}
    {%- endif -%}
    {%- set keys = by | join(', ') -%}
    with curve as (
        {{ _score_curve(relation, by, score, rows, positives) }}
    ),
    bins as (
        select
            {{ keys }},
            bin,
            max(all_n) as all_n,
            max(all_pos) as all_pos,
            {{ exact_sum('neg * (pos_so_far - 0.5 * pos)') }} as ordered_pairs,
            {{ exact_sum('pos * pos_so_far / n_so_far') }} as precision_sum,
            -{{ exact_sum('pos * ln(at_score) + neg * ln(1 - at_score)') }} as loss,
            {{ exact_sum('pos * (1 - at_score) * (1 - at_score) + neg * at_score * at_score') }} as squares,
            abs({{ exact_sum('n * at_score - pos') }}) as gap
        from curve
        group by all
    )
    select
        {{ keys }},
        cast(max(all_n) as bigint) as rows_labelled,
        cast(max(all_pos) as bigint) as positives,
        {{ exact_sum('ordered_pairs') }} / nullif(max(all_pos) * (max(all_n) - max(all_pos)), 0) as roc_auc,
        {{ exact_sum('precision_sum') }} / nullif(max(all_pos), 0) as pr_auc,
        {{ exact_sum('loss') }} / max(all_n) as log_loss,
        {{ exact_sum('squares') }} / max(all_n) as brier,
        {{ exact_sum('gap') }} / max(all_n) as ece
    from bins
    group by {{ keys }}
{%- endmacro %}
