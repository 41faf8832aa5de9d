{#- Points with the probability that their score stands for: on the line between the knots around it, as an isotonic regression that
    was fitted before says. A SELECT for a CTE's parentheses.

    points   a CTE with the column score
    knots    a CTE or table: score (distinct), probability
    Returns  the columns of points and probability; beyond the knots that of the last one -#}
{% macro calibrated(points, knots='knots') -%}
    with lines as (
        select
            score as knot,
            probability as at_knot,
            coalesce((lead(probability) over (order by score) - probability) / (lead(score) over (order by score) - score), 0) as slope
        from {{ knots }}
    )
    select
        points.*,
        coalesce(at_knot + (points.score - knot) * slope, (select min(at_knot) from lines)) as probability
    from {{ points }} as points
    asof left join lines on points.score >= lines.knot
{%- endmacro %}
