-- One row per case: quality of scores with an interval by day.
with by_day as (
    select case_id, day, score, count(*) as rows, count_if(label) as positives from labelled group by all
),

measure as ({{ quality_with_intervals('by_day', ['case_id']) }})

select * from measure
