-- One row per problem and metric: quality of probabilities of classes where the labels of some days in a row share outcomes.
with predicted as (select * from classes),

measure as ({{ quality_of_classes('predicted', ['problem'], overlaps='label_overlap', overlap_by=['problem']) }})

select * from measure
