{#- One row per group of `by`: every distance between two samples given as counts. A SELECT for a CTE's parentheses.

    Over distinct values (`value_counts`) the distances are exact, over cells (`grid_counts`, `ledger.profiles`) as good as the
    cells are fine; counts of several days are added before. Where one side has no row the distances are null.

    relation  a CTE or table with the columns of `by`, place, expected and actual; one row per (by, place), null counts mean 0
    by        list of grouping columns
    at        column: the value, or the place of the cell
    numeric   false for categories: they have no order, so ks and wasserstein are null
    groups    none compares the shares of every point; a number those of so many quantile groups of the reference, with a group
              of their own for below and above: a fine grid is right for ks and too fine for psi
    Returns   by…, rows_expected, rows_actual, psi, jensen_shannon, ks, wasserstein, chi_square, degrees -#}
{% macro compare_counts(relation, by, at='place', numeric=true, groups=none) -%}
    {%- if by is string or by | length == 0 -%}
        {{ exceptions.raise_compiler_error("compare_counts: by must be a list of columns, not '" ~ by ~ "'") }}
    {%- endif -%}
    {%- set keys = by | join(', ') -%}
    with cumulated as (
        {{ cumulated_counts(relation, by, at, numeric) }}
    ),
    grouped as (
        select
            {{ keys }},
            {{ quantile_group('expected', 'expected_so_far', 'expected_n', groups) if groups else 'place' }} as point,
            sum(expected) as expected,
            sum(actual) as actual,
            max(expected_n) as expected_n,
            max(actual_n) as actual_n,
            {% if numeric -%}
            {{ kolmogorov_smirnov('expected_so_far', 'actual_so_far', 'expected_n', 'actual_n') }} as ks,
            {{ wasserstein('expected_so_far', 'actual_so_far', 'expected_n', 'actual_n', 'step') }} as wasserstein
            {%- else -%}
            cast(null as double) as ks,
            cast(null as double) as wasserstein
            {%- endif %}
        from cumulated
        group by all
    )
    select
        {{ keys }},
        cast(coalesce(max(expected_n), 0) as bigint) as rows_expected,
        cast(coalesce(max(actual_n), 0) as bigint) as rows_actual,
        {{ population_stability('expected', 'actual', 'expected_n', 'actual_n') }} as psi,
        {{ jensen_shannon('expected', 'actual', 'expected_n', 'actual_n') }} as jensen_shannon,
        max(ks) as ks,
        {{ ordered_sum('wasserstein') }} as wasserstein,
        {{ chi_square('expected', 'actual', 'expected_n', 'actual_n') }} as chi_square,
        count_if(coalesce(expected, 0) + coalesce(actual, 0) > 0) - 1 as degrees
    from grouped
    group by {{ keys }}
{%- endmacro %}
