-- One row: the same over 65,536 cells of the score.
with cells as (
    select everything, {{ score_cell('score') }} as score, count(*) as rows, count_if(label) as positives from scored group by all
),

measure as ({{ quality_of_counts('cells', ['everything']) }})

select * from measure
