{#- The CTE `running` of `drift_by_period`: totals over all cells, and running counts and totals over the cells that have a place
    (numbers without the nulls), in the order of the cells. A total is null where there is no row. -#}
{% macro _drift_running(keys) -%}
    running as (
        select
            *,
            {%- for side, column in [('trained', 'rows_trained'), ('served', 'served'), ('earlier', 'earlier')] %}
            nullif(sum({{ column }}) over everything, 0) as {{ side }}_n,
            nullif(sum(case when is_placed then {{ column }} else 0 end) over everything, 0) as {{ side }}_placed,
            case when is_placed then sum(case when is_placed then {{ column }} else 0 end) over ascending end as {{ side }}_so_far,
            {%- endfor %}
            lead(place) over ascending - place as step
        from side_by_side
        window
            everything as (partition by {{ keys }}),
            ascending as (partition by {{ keys }} order by cell rows between unbounded preceding and current row)
    )
{%- endmacro %}
