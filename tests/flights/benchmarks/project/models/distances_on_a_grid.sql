-- One row per case and feature: the same distances over 4,096 cells.
{%- set grids = {'x': [-5, 5], 'y': [0, 100]} %}
with expected as ({{ grid_counts('expected_rows', grids, by=['case_id']) }}),

actual as ({{ grid_counts('actual_rows', grids, by=['case_id']) }}),

-- nulls have no place among the numbers
paired as (
    {{ paired_counts('(select * from expected where cell is not null)', '(select * from actual where cell is not null)', by=['case_id', 'feature']) }}
),

compare as ({{ compare_counts('paired', by=['case_id', 'feature'], groups=20) }})

select * from compare
