{#- One row per group of `by` and metric: value, low, high, rows_labelled and clusters. A SELECT for a CTE's parentheses.

    By how much each metric would move if a cluster counted a little more is a derivative of sums: of a mean the distance of the
    cluster's sum from the mean, of a root that over twice the root, of R² that of a ratio.
    Source: Efron, The Jackknife, the Bootstrap and Other Resampling Plans, 1982, 6.3; ml/statistics/influence.py has the same in Python. -#}
{% macro quality_of_numbers(relation, by, cluster='day', overlaps=none, overlap_by=none) -%}
    {%- set keys = by | join(', ') -%}
    {%- set means = {
        'absolute': 'abs(outcome - number)', 'square': 'pow(outcome - number, 2)', 'spread': 'pow(outcome - middle, 2)',
        'pinball': 'case when outcome >= number then share * (outcome - number) else (1 - share) * (number - outcome) end',
        'within_80': 'cast(within_80 as integer)', 'within_95': 'cast(within_95 as integer)',
    } -%}
    {#- metric: its value, what a cluster moves it by, and the most that it can be -#}
    {%- set metrics = {
        'mae': ['absolute', 'd_absolute', 'infinity'],
        'rmse': ['sqrt(square)', 'd_square / nullif(2 * sqrt(square), 0)', 'infinity'],
        'r2': ['1 - square / nullif(spread, 0)', '(square * d_spread / nullif(spread, 0) - d_square) / nullif(spread, 0)', '1'],
        'pinball': ['pinball', 'd_pinball', 'infinity'],
        'coverage_80': ['within_80', 'd_within_80', '1'],
        'coverage_95': ['within_95', 'd_within_95', '1'],
    } -%}
    {%- set columns = [] -%}
    {%- for metric in metrics %}{% do columns.append('of_' ~ metric) %}{% endfor -%}
    with middles as (
        select {{ keys }}, {{ ordered_sum('outcome') }} / count(outcome) as middle from {{ relation }} group by {{ keys }}
    ),
    centred as (
        select * from {{ relation }} inner join middles using ({{ keys }})
    ),
    by_cluster as (
        select {{ keys }}, {{ cluster }}, count(*) as n{% for name, value in means.items() %}, {{ ordered_sum(value) }} as {{ name }}{% endfor %}
        from centred
        group by {{ keys }}, {{ cluster }}
    ),
    overall as (
        select {{ keys }}, sum(n) as n, count(*) as clusters{% for name in means %}, {{ ordered_sum(name) }} / sum(n) as {{ name }}{% endfor %}
        from by_cluster
        group by {{ keys }}
    ),
    moved as (
        select {{ keys }}, {{ cluster }}
            {%- for name in means %}, overall.{{ name }}, (by_cluster.{{ name }} - overall.{{ name }} * by_cluster.n) / overall.n as d_{{ name }}{% endfor %}
        from by_cluster
        inner join overall using ({{ keys }})
    ),
    derivatives as (
        select {{ keys }}, {{ cluster }}{% for metric, (value, derivative, most) in metrics.items() %}, {{ derivative }} as of_{{ metric }}{% endfor %}
        from moved
    ),
    variances as (
        {{ _long_run('derivatives', by, cluster, columns, overlaps, overlap_by) }}
    ),
    valued as (
        {%- for metric, (value, derivative, most) in metrics.items() %}
        select {{ keys }}, '{{ metric }}' as metric, {{ value }} as value, n, overall.clusters, freedom, sqrt(of_{{ metric }}) as se, '{{ most }}' as most
        from overall
        inner join variances using ({{ keys }})
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )
    select * exclude (n, freedom, se, most), cast(n as bigint) as rows_labelled, {{ reach_of_metric() }}
    from valued
    where value is not null
{%- endmacro %}
