{#- The CTE `side_by_side` of `drift_by_period` and what it stands on: every cell of every feature and period, with the rows of training,
    of the period and of the period before; cells that were not hit hold 0. -#}
{% macro _drift_side_by_side(keys, counts, cells, period, days, step) -%}
    periods as (
        select {{ keys }}, cell, sum(rows) as rows from {{ counts }} group by all
    ),
    every_cell as (
        select cells.*, asked.{{ period }}
        from {{ cells }} as cells
        inner join (select distinct {{ keys }} from periods) as asked using (problem, model_version, feature)
    ),
    side_by_side as (
        select
            every_cell.*,
            cast(coalesce(periods.rows, 0) as double) as served,
            cast(sum(coalesce(periods.rows, 0)) over before as double) as earlier,
            kind in ('below', 'inside', 'above') as is_placed
        from every_cell
        left join periods using ({{ keys }}, cell)
        window before as (
            partition by problem, model_version, feature, cell order by {{ period }}
            range between interval {{ days }} days preceding and interval {{ step }} days preceding
        )
    )
{%- endmacro %}
