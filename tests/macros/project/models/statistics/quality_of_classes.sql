-- One row per case and metric: quality of probabilities of classes with an interval by day.
with predicted as (select * from classes),

measure as ({{ quality_of_classes('predicted', ['case_id']) }})

select * from measure
