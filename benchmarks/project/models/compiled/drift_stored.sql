-- One row per column: the distances over 4,096 cells of a grid, from the counts of the reference that were kept.
with cells_now as ({{ grid_counts('current_rows', drift_grids()) }}),

levels_now as ({{ level_counts('current_rows', drift_categories()) }}),

-- nulls have no place among the numbers
paired_cells as (
    {{ paired_counts('(select * from kept where cell is not null)', '(select * from cells_now where cell is not null)', by=['feature']) }}
),

paired_levels as (
    {{ paired_counts('(select * from kept where level is not null)', 'levels_now', by=['feature'], at='level') }}
),

compare_numbers as ({{ compare_counts('paired_cells', by=['feature'], groups=20) }}),

compare_categories as ({{ compare_counts('paired_levels', by=['feature'], at='level', numeric=false) }})

select * from compare_numbers
union all
select * from compare_categories
