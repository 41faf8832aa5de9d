-- One row per case: quality of scores over 65,536 cells, from counts of days that are added up.
with by_day as (
    select case_id, day, {{ score_cell('score') }} as score, count(*) as rows, count_if(label) as positives
    from labelled
    group by all
),

measure as ({{ quality_of_counts('by_day', ['case_id']) }})

select * from measure
