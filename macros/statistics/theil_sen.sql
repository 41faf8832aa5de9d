{#- One row per group of `by`: the robust straight line through its points, with a 95 % interval of the slope.

    relation  a CTE or table with the columns of `by`, x and y (numbers; no x twice within a group, none of them null)
    by        list of grouping columns
    Returns   by…, points, slope (median of the slopes of all pairs), slope_low, slope_high, median_x, median_y. The line goes
              through the medians. A group of one point has no row.
    Source    Theil 1950, Sen 1968; the interval from Kendall's variance with ties in y, as scipy.stats.theilslopes. -#}
{% macro theil_sen(relation, by, x='x', y='y') -%}
    {%- if by is string or by | length == 0 -%}
        {{ exceptions.raise_compiler_error("theil_sen: by must be a list of columns, not '" ~ by ~ "'") }}
    {%- endif -%}
    {%- set keys = by | join(', ') -%}
    with points as (select {{ keys }}, cast({{ x }} as double) as x, cast({{ y }} as double) as y from {{ relation }}),
    medians as (
        select {{ keys }}, count(*) as points, median(x) as median_x, median(y) as median_y from points group by {{ keys }}
    ),
    ties as (
        select {{ keys }}, sum(n * (n - 1) * (2 * n + 5)) as tied
        from (select {{ keys }}, y, count(*) as n from points group by {{ keys }}, y)
        group by {{ keys }}
    ),
    slopes as (
        select
            {{ keys }},
            (b.y - a.y) / (b.x - a.x) as slope,
            row_number() over (partition by {{ keys }} order by (b.y - a.y) / (b.x - a.x)) as place,
            count(*) over (partition by {{ keys }}) as pairs
        from points as a
        inner join points as b using ({{ keys }})
        where a.x < b.x
    ),
    -- 1.96 deviations of the number of pairs that go up, when there is no trend
    reach as (
        select {{ keys }}, points, median_x, median_y,
            1.959963984540054 * sqrt(greatest(points * (points - 1) * (2 * points + 5) - tied, 0) / 18) as deviation
        from medians
        inner join ties using ({{ keys }})
    )
    select
        {{ keys }},
        max(points) as points,
        median(slope) as slope,
        max(slope) filter (where place = greatest(floor((pairs - deviation) / 2 + 0.5), 1)) as slope_low,
        max(slope) filter (where place = least(floor((pairs + deviation) / 2 + 0.5) + 1, pairs)) as slope_high,
        max(median_x) as median_x,
        max(median_y) as median_y
    from slopes
    inner join reach using ({{ keys }})
    group by {{ keys }}
{%- endmacro %}
