-- One row per case: distances of two samples of a category.
with expected as (select case_id, k, count(*) as rows from expected_rows where k is not null group by all),

actual as (select case_id, k, count(*) as rows from actual_rows where k is not null group by all),

paired as ({{ paired_counts('expected', 'actual', by=['case_id'], at='k') }}),

compare as ({{ compare_counts('paired', by=['case_id'], at='k', numeric=false) }})

select * from compare
