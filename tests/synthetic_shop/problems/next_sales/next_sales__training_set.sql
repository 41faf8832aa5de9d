-- One row per row of the cohort whose outcome is known: features, label, and when the label was known.
with features as (select * from {{ ref('next_sales__features') }}),

labels as (select * from {{ ref('next_sales__labels') }})

select
    features.*,
    labels.spent,
    labels.label_known_at
from features
inner join labels using (shop, as_of)
