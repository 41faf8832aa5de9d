-- One row per flight that was scored, as of two hours before its scheduled departure.
with outcomes as (select * from {{ ref('flight_disruption__outcomes') }}),

predictions as (select * from {{ ref('flight_disruption__predictions') }}),

scheduled as (select * from {{ ref('int_flights__scheduled') }}),

fates as (select * from {{ ref('int_flights__outcomes') }}),

airlines as (select * from {{ ref('stg_reference__airlines') }}),

feedback as (select * from {{ ref('int_feedback__by_row') }} where problem = 'flight_disruption')

select
    ---------- which flight
    scheduled.flight_date,
    scheduled.carrier,
    airlines.airline,
    scheduled.flight,
    scheduled.origin,
    scheduled.dest,
    scheduled.scheduled_departure_local,

    ---------- what was predicted, and when
    predictions.as_of,
    predictions.score,
    predictions.rule_score,
    predictions.flagged,
    {{ reasons_in_words('flight_disruption', 'predictions.reasons') }} as reasons,
    predictions.reasons as reasons_raw,
    predictions.model_version,
    predictions.scored_at,

    ---------- what happened; null until it is known
    outcomes.observed_label as disrupted,
    fates.fate,
    fates.arr_delay as arrival_delay_minutes,
    outcomes.observed_known_at as outcome_known_at,

    ---------- what people say of it; null where nobody did
    feedback.corrected_label as corrected_to,
    feedback.corrected_by,
    feedback.corrected_at,
    feedback.comments,
    feedback.last_comment,
    feedback.last_comment_by
from predictions
inner join scheduled using (flight_id)
left join airlines using (carrier)
left join outcomes on outcomes.entity_id = predictions.flight_id and outcomes.model_version = predictions.model_version
left join fates on fates.flight_id = predictions.flight_id
left join feedback on feedback.entity_id = predictions.flight_id and feedback.row_as_of = predictions.as_of
