-- One row per case and feature: exact distances of two samples, their shares over twenty groups of the first.
with expected as ({{ value_counts('expected_rows', ['x', 'y'], by=['case_id']) }}),

actual as ({{ value_counts('actual_rows', ['x', 'y'], by=['case_id']) }}),

paired as ({{ paired_counts('expected', 'actual', by=['case_id', 'feature']) }}),

compare as ({{ compare_counts('paired', by=['case_id', 'feature'], groups=20) }})

select * from compare
