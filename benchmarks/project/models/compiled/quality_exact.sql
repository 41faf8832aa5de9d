-- One row: the quality of scores whose labels are in, over distinct scores.
with measure as ({{ binary_quality('scored', ['everything']) }})

select * from measure
