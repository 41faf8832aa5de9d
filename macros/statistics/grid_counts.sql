{#- How many rows fell in which cell of a grid, for several numeric columns at once: counts that add up over days. A SELECT.

    relation  a CTE or table
    grids     dict: column → [low, high], numbers that never change, or counts of two days would not add up
    by        list of grouping columns, such as a day; may be empty
    cells     cells between low and high, see `grid_cell`
    Returns   by…, feature, cell (bigint; null holds the nulls), place (double, the middle of the cell in the column's unit; below
              and above at the ends of the grid) and rows (bigint). Each row is read once. -#}
{% macro grid_counts(relation, grids, by=[], cells=4096) -%}
    {%- if grids is not mapping or grids | length == 0 -%}
        {{ exceptions.raise_compiler_error("grid_counts: grids must be a dict of column to [low, high], not '" ~ grids ~ "'") }}
    {%- endif -%}
    {%- set keys = (by + ['feature', 'cell']) | join(', ') -%}
    {%- for column, (low, high) in grids.items() %}
    select
        {{ keys }},
        case
            when cell < 0 then ({{ low }})
            when cell >= {{ cells }} then ({{ high }})
            else ({{ low }}) + (cell + 0.5) * ((({{ high }}) - ({{ low }})) / {{ cells }}e0)
        end as place,
        rows
    from (
        select
            {{ (by + ["'" ~ column ~ "' as feature"]) | join(', ') }},
            {{ grid_cell(column, '(' ~ low ~ ')', '(' ~ high ~ ')', cells) }} as cell,
            count(*) as rows
        from {{ relation }}
        group by all
    ) as counted
    {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}
