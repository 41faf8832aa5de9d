-- One row per prediction, in the form that monitors of any problem read, with its outcome once that is known.
with predictions as (select * from {{ ref('flight_disruption__predictions') }}),

labels as (
    {{ label_in_force(ref('flight_disruption__labels'), entity='flight_id', label='is_disrupted') }}
)

select
    predictions.flight_id as entity_id,
    predictions.as_of,
    predictions.model_version,
    predictions.score,
    predictions.rule_score,
    predictions.flagged,
    labels.label,
    labels.label_known_at,
    labels.observed_label,
    labels.observed_known_at
from predictions
left join labels using (flight_id, as_of)
