-- One row per prediction, in the form that monitors of any problem read, with its outcome once that is known.
with predictions as (select * from {{ ref('flight_disruption__predictions') }}),

labels as (select * from {{ ref('flight_disruption__labels') }})

select
    predictions.flight_id as entity_id,
    predictions.as_of,
    predictions.model_version,
    predictions.score,
    predictions.rule_score,
    predictions.flagged,
    labels.is_disrupted as label,
    labels.label_known_at
from predictions
left join labels using (flight_id, as_of)
