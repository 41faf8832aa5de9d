{#- How many rows fell in which cell of a grid, for several numeric columns at once: counts that add up over days. A SELECT.

    relation  a CTE or table
    grids     dict: column → [low, high], numbers that never change, or counts of two days would not add up
    by        list of grouping columns, such as a day; may be empty
    cells     cells between low and high
    Returns   by…, feature, cell (bigint, what `grid_cell` says; null holds the nulls), place (double, the middle of the cell in the
              column's unit; below and above at the ends of the grid) and rows (bigint). Each row is read once, for one comparison,
              one multiplication and one place in a hash table; everything else is said of its cell. -#}
{% macro grid_counts(relation, grids, by=[], cells=4096) -%}
    {%- if grids is not mapping or grids | length == 0 -%}
        {{ exceptions.raise_compiler_error("grid_counts: grids must be a dict of column to [low, high], not '" ~ grids ~ "'") }}
    {%- endif -%}
    {%- set keys = by | map('string') | join(', ') ~ (', ' if by else '') -%}
    {%- for column, (from, to) in grids.items() %}
    {%- set low, high = '(' ~ from ~ ')', '(' ~ to ~ ')' %}
    select
        {{ keys }}'{{ column }}' as feature,
        cast(case when step < 0 then -1 when step > {{ cells }} then {{ cells }} when step = {{ cells }} then {{ cells - 1 }} else step end as bigint) as cell,
        case
            when step < 0 then {{ low }}
            when step > {{ cells }} then {{ high }}
            else {{ low }} + (case when step = {{ cells }} then {{ cells - 1 }} else step end + 0.5) * (({{ high }} - {{ low }}) / {{ cells }}e0)
        end as place,
        cast(sum(rows) as bigint) as rows
    from (
        select
            {{ keys }}case
                when {{ column }} > {{ high }} then {{ cells + 1 }}
                else floor(({{ column }} - {{ low }}) * coalesce({{ cells }} / nullif(cast({{ high }} as double) - {{ low }}, 0), 1))
            end as step,
            count(*) as rows
        from {{ relation }}
        group by all
    ) as stepped
    group by all
    {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}
