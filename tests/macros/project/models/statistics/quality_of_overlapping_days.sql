-- One row per problem: quality of scores, of numbers and of classes where the labels of some days in a row share outcomes.
with by_day as (
    select problem, day, score, count(*) as rows, count_if(label) as positives from labelled_days group by all
),

measure as ({{ quality_with_intervals('by_day', ['problem'], overlaps='label_overlap', overlap_by=['problem']) }})

select * from measure
