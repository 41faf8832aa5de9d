-- One row per case and metric: quality of predicted numbers with an interval by day.
with predicted as (select * from numbers),

measure as ({{ quality_of_numbers('predicted', ['case_id']) }})

select * from measure
