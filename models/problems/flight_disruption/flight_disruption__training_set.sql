-- One row per row of the cohort whose outcome is known, and version of its label: features, label, when that was known.
with features as (select * from {{ ref('flight_disruption__features') }}),

labels as (select * from {{ ref('flight_disruption__labels') }})

select
    features.*,
    labels.is_disrupted,
    labels.label_known_at
from features
inner join labels using (flight_id, as_of)
