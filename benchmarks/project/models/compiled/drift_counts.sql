-- One row per column and cell or level: how many rows of the reference fell in it. What is kept of them.
with cells as ({{ grid_counts('reference', drift_grids()) }}),

levels as ({{ level_counts('reference', drift_categories()) }})

select feature, cell, place, null as level, rows from cells
union all
select feature, null, null, level, rows from levels
