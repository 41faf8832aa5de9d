-- One row per problem and metric: quality of predicted numbers where the labels of some days in a row share outcomes.
with predicted as (select * from numbers),

measure as ({{ quality_of_numbers('predicted', ['problem'], overlaps='label_overlap', overlap_by=['problem']) }})

select * from measure
