-- One row per column: exact distances of the current rows from the reference, over distinct values; shares over twenty groups.
{%- set numbers, categories = drift_grids().keys() | list, drift_categories() %}
with values_before as ({{ value_counts('reference', numbers) }}),

values_now as ({{ value_counts('current_rows', numbers) }}),

levels_before as ({{ level_counts('reference', categories) }}),

levels_now as ({{ level_counts('current_rows', categories) }}),

paired_values as ({{ paired_counts('values_before', 'values_now', by=['feature']) }}),

paired_levels as ({{ paired_counts('levels_before', 'levels_now', by=['feature'], at='level') }}),

compare_numbers as ({{ compare_counts('paired_values', by=['feature'], groups=20) }}),

compare_categories as ({{ compare_counts('paired_levels', by=['feature'], at='level', numeric=false) }})

select * from compare_numbers
union all
select * from compare_categories
