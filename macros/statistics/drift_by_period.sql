{#- One row per problem, model version, feature and period: how far its rows are from those of training and from those of the
    period before. A SELECT for a CTE's parentheses.

    counts    CTE: problem, model_version, feature, cell, rows and the period, a date; rows of the same cell add up
    cells     CTE: rows of `mon_cells`
    period    column: the period
    days      how many days the period before had: 7 compares a week with the week before, a day with the seven days before
    step      how many days a period is long
    Returns   problem, model_version, feature, the period, rows_trained, rows_served, and, each against training and (…_previous)
              against the period before: psi and jensen_shannon over groups of cells with missing and unseen among them; ks over all
              cells of a number; and against training wasserstein in the unit of the feature, chi_square with its degrees, and the
              shares missing, unseen and out_of_range, mean and deviation of the places of the cells, the deviation of training,
              and the share of the fullest cell (missing and out of range aside). Null where a side has no row. -#}
{% macro drift_by_period(counts, cells, period, days=7, step=1) -%}
    {%- set keys = 'problem, model_version, feature, ' ~ period -%}
    with {{ _drift_side_by_side(keys, counts, cells, period, days, step) }},
    {{ _drift_running(keys) }},
    groups as (
        select
            {{ keys }}, cell_group,
            sum(rows_trained) as trained, sum(served) as served, sum(earlier) as earlier,
            max(trained_n) as trained_n, max(served_n) as served_n, max(earlier_n) as earlier_n,
            {{ kolmogorov_smirnov('trained_so_far', 'served_so_far', 'trained_placed', 'served_placed') }} as ks,
            {{ kolmogorov_smirnov('earlier_so_far', 'served_so_far', 'earlier_placed', 'served_placed') }} as ks_previous,
            {{ wasserstein('trained_so_far', 'served_so_far', 'trained_placed', 'served_placed', 'step') }} as wasserstein,
            {{ ordered_sum('served * place') }} / max(served_placed) as mean,
            {{ ordered_sum('served * place * place') }} / max(served_placed) as square,
            {{ ordered_sum('rows_trained * place') }} / max(trained_placed) as mean_trained,
            {{ ordered_sum('rows_trained * place * place') }} / max(trained_placed) as square_trained,
            max(case when kind not in ('missing', 'below', 'above') then served end) as fullest
        from running
        group by all
    )
    select
        {{ keys }},
        cast(max(trained_n) as bigint) as rows_trained,
        cast(max(served_n) as bigint) as rows_served,
        cast(max(earlier_n) as bigint) as rows_previous,
        {{ population_stability('trained', 'served', 'trained_n', 'served_n') }} as psi,
        {{ jensen_shannon('trained', 'served', 'trained_n', 'served_n') }} as jensen_shannon,
        {{ chi_square('trained', 'served', 'trained_n', 'served_n') }} as chi_square,
        count_if(trained + served > 0) - 1 as degrees,
        max(ks) as ks,
        {{ ordered_sum('wasserstein') }} as wasserstein,
        {{ population_stability('earlier', 'served', 'earlier_n', 'served_n') }} as psi_previous,
        {{ jensen_shannon('earlier', 'served', 'earlier_n', 'served_n') }} as jensen_shannon_previous,
        max(ks_previous) as ks_previous,
        coalesce(sum(served) filter (where cell_group = -3), 0) / max(served_n) as missing,
        coalesce(sum(served) filter (where cell_group = -2), 0) / max(served_n) as unseen,
        coalesce(sum(served) filter (where cell_group in (-1, 21)), 0) / max(served_n) as out_of_range,
        {{ ordered_sum('mean') }} as mean,
        -- of equal values rounding may leave a difference below 0; a category has none
        sqrt(greatest({{ ordered_sum('square') }} - pow({{ ordered_sum('mean') }}, 2), 0 * sum(square))) as deviation,
        sqrt(greatest({{ ordered_sum('square_trained') }} - pow({{ ordered_sum('mean_trained') }}, 2), 0 * sum(square_trained))) as deviation_trained,
        max(fullest) / nullif(max(served_n) - coalesce(sum(served) filter (where cell_group = -3), 0), 0) as top_share
    from groups
    where served_n > 0
    group by {{ keys }}
{%- endmacro %}
