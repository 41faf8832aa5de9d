-- One row per column: the same distances over 4,096 cells of a grid that was laid once.
{%- set grids, categories = drift_grids(), drift_categories() %}
with cells_before as ({{ grid_counts('reference', grids) }}),

cells_now as ({{ grid_counts('current_rows', grids) }}),

levels_before as ({{ level_counts('reference', categories) }}),

levels_now as ({{ level_counts('current_rows', categories) }}),

-- nulls have no place among the numbers
paired_cells as (
    {{ paired_counts('(select * from cells_before where cell is not null)', '(select * from cells_now where cell is not null)', by=['feature']) }}
),

paired_levels as ({{ paired_counts('levels_before', 'levels_now', by=['feature'], at='level') }}),

compare_numbers as ({{ compare_counts('paired_cells', by=['feature'], groups=20) }}),

compare_categories as ({{ compare_counts('paired_levels', by=['feature'], at='level', numeric=false) }})

select * from compare_numbers
union all
select * from compare_categories
