-- One row per case and day: how much each metric moves with the weight of the day.
with by_day as (
    select case_id, day, score, count(*) as rows, count_if(label) as positives from labelled group by all
),

measure as ({{ _quality_influence('by_day', ['case_id'], 'day', 'score', 'rows', 'positives') }})

select * from measure
