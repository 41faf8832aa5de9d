-- One row per prediction and grain: the probability that it is positive, as it could be known when its period ended.
-- What:   score + correction of its bin; then Bayes' rule for a label that is late; then one shift in log-odds for the whole period.
-- Source: Bayes; Saerens, Latinne and Decaestecker 2002 for the shift, here one step of Newton with a normal prior; docs/estimation.md.
-- Read:   1 or 0 where the label is known, else the probability that it will be positive.
{%- set limits = var('estimation') %}
with period_rows as (select * from {{ ref('mon_scored_by_period') }}),

reliability as (select * from {{ ref('mon_score_reliability') }}),

arrival as (select * from {{ ref('mon_label_arrival') }}),

-- first what the score is worth by the labels of the last weeks
corrected_scores as (
    select
        period_rows.*,
        coalesce(reliability.rows, 0) as bin_rows,
        greatest(0.0005, least(0.9995, period_rows.score + coalesce(reliability.correction, 0))) as corrected,
        coalesce(arrival.positives_in, 0) as positives_in,
        coalesce(arrival.negatives_in, 0) as negatives_in
    from period_rows
    left join reliability using (problem, grain, period, model_version, score_bin)
    left join arrival using (problem, grain, period, age)
),

-- then what is known of it: the label, or that it is not here yet
scores_given_the_wait as (
    select
        *,
        case
            when is_known then cast(cast(label as integer) as double)
            else {{ positive_if_late('corrected', 'positives_in', 'negatives_in') }}
        end as expected
    from corrected_scores
),

-- then what the whole period has in common: one step of Newton towards the shift in log-odds that its arrivals ask for
shifts_by_period as (
    select
        *,
        {{ exact_sum('expected - corrected', over='partition by problem, grain, period') }}
        / (
            {{ exact_sum('case
                when is_known then corrected * (1 - corrected)
                else greatest(0, corrected * (1 - corrected) - expected * (1 - expected))
            end', over='partition by problem, grain, period') }}
            + 1 / ({{ limits.period_shift }} * {{ limits.period_shift }})
        ) as shift
    from scores_given_the_wait
),

shifted_scores as (
    select *, 1 / (1 + exp(-({{ log_odds('corrected') }} + shift))) as probability from shifts_by_period
)

select
    problem,
    grain,
    period,
    period_end,
    entity_id,
    as_of,
    score,
    label,
    label_known_at,
    is_known,
    bin_rows,
    case
        when is_known then expected
        else {{ positive_if_late('probability', 'positives_in', 'negatives_in') }}
    end as expected_label
from shifted_scores
