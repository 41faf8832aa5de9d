-- One row per row of the cohort: what a model may see of it when it is scored.
with features as (select * from {{ ref('crowd__features') }})

select * from features
