-- One row per household that was scored, as of a Monday.
with outcomes as (select * from {{ ref('household_lapse__outcomes') }}),

predictions as (select * from {{ ref('household_lapse__predictions') }}),

features as (select * from {{ ref('household_lapse__features') }})

select
    ---------- which household
    predictions.household_id,
    features.visit_baskets_56d as baskets_in_8_weeks,
    features.money_spent_56d as spent_in_8_weeks,
    features.rhythm_days_since as days_since_last_basket,

    ---------- what was predicted, and when
    predictions.as_of,
    predictions.score,
    predictions.rule_score,
    predictions.flagged,
    {{ reasons_in_words('household_lapse', 'predictions.reasons') }} as reasons,
    predictions.model_version,
    predictions.scored_at,

    ---------- what happened; null until it is known
    outcomes.observed_label as lapsed,
    outcomes.observed_known_at as outcome_known_at
from predictions
inner join features using (household_id, as_of)
left join outcomes
    on outcomes.entity_id = predictions.household_id and outcomes.as_of = predictions.as_of
    and outcomes.model_version = predictions.model_version
