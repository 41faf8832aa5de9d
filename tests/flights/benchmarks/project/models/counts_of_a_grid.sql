-- One row per cell that is hit: how many of the given numbers fell in it, counted at once and one by one.
{%- set grids = {'x': [-5, 5], 'y': [0, 0]} %}
with at_once as ({{ grid_counts('given', grids, cells=10) }}),

one_by_one as (
    select 'x' as feature, {{ grid_cell('x', '(-5)', 5, 10) }} as cell, count(*) as rows from given group by all
    union all
    select 'y' as feature, {{ grid_cell('y', 0, 0, 10) }} as cell, count(*) as rows from given group by all
)

select at_once.feature, at_once.cell, place, at_once.rows, one_by_one.rows as expected
from at_once
full join one_by_one on at_once.feature = one_by_one.feature and at_once.cell is not distinct from one_by_one.cell
