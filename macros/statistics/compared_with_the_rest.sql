{#- One row per slice that is large enough: its error rate and log loss, and how far they are from those of all other rows.

    slices         one row per slice and day: problem, model_version, feature_1, cell_1, feature_2, cell_2, day, n, errors, losses, scores, positives
    total          one row per model version: days, n, errors, losses and the sums of squares over days
    total_by_day   one row per model version and day: n, errors, losses -#}
{% macro compared_with_the_rest(slices, total, total_by_day) -%}
    {#- below, the error rate is known to ten points at best, and the variance between days is itself a guess -#}
    {%- set min_rows, min_days = 200, 10 -%}
    select
        problem, model_version, feature_1, cell_1, feature_2, cell_2,
        cast(max(slice_n) as bigint) as rows,
        max(days) as days,
        max(error_rate) as error_rate,
        max(rest_error_rate) as rest_error_rate,
        max(error_rate) - max(rest_error_rate) as difference,
        sqrt({{ clustered_variance('n', 'errors', 'all_n', 'all_errors', 'error_rate', 'rest_error_rate', 'slice_n', 'rest_n', 'days', 'nn', 'ne', 'ee') }}) as se,
        max(log_loss) as log_loss,
        max(log_loss) - max(rest_log_loss) as loss_difference,
        sqrt({{ clustered_variance('n', 'losses', 'all_n', 'all_losses', 'log_loss', 'rest_log_loss', 'slice_n', 'rest_n', 'days', 'nn', 'nl', 'll') }}) as loss_se,
        sum(scores) / max(slice_n) as mean_score,
        sum(positives) / max(slice_n) as label_rate
    from (
        select
            s.*, d.n as all_n, d.errors as all_errors, d.losses as all_losses, t.days, t.nn, t.ne, t.ee, t.nl, t.ll,
            sum(s.n) over one_slice as slice_n, t.n - sum(s.n) over one_slice as rest_n,
            count(*) over one_slice as slice_days,
            sum(s.errors) over one_slice / sum(s.n) over one_slice as error_rate,
            (t.errors - sum(s.errors) over one_slice) / nullif(t.n - sum(s.n) over one_slice, 0) as rest_error_rate,
            sum(s.losses) over one_slice / sum(s.n) over one_slice as log_loss,
            (t.losses - sum(s.losses) over one_slice) / nullif(t.n - sum(s.n) over one_slice, 0) as rest_log_loss
        from {{ slices }} as s
        inner join {{ total_by_day }} as d using (problem, model_version, day)
        inner join {{ total }} as t using (problem, model_version)
        window one_slice as (partition by s.problem, s.model_version, feature_1, cell_1, feature_2, cell_2)
    ) as beside_the_rest
    where slice_n >= {{ min_rows }} and rest_n >= {{ min_rows }} and slice_days >= {{ min_days }}
    group by problem, model_version, feature_1, cell_1, feature_2, cell_2
{%- endmacro %}
