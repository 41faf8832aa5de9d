-- One row per prediction and grain: the probability that it is positive, as it could be known when its period ended.
{%- set limits = var('estimation') %}
with period_rows as (select * from {{ ref('mon_period_rows') }}),

reliability as (select * from {{ ref('mon_score_reliability') }}),

arrival as (select * from {{ ref('mon_label_arrival') }}),

-- first what the score is worth by the labels of the last weeks
correct_by_bin as (
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
learn_from_arrivals as (
    select
        *,
        case
            when is_known then cast(cast(label as integer) as double)
            else {{ positive_if_late('corrected', 'positives_in', 'negatives_in') }}
        end as expected
    from correct_by_bin
),

-- then the period's own mood: one step of Newton towards the shift in log-odds that its arrivals ask for
shift_the_period as (
    select
        *,
        sum(expected - corrected) over (partition by problem, grain, period)
        / (
            sum(case
                when is_known then corrected * (1 - corrected)
                else greatest(0, corrected * (1 - corrected) - expected * (1 - expected))
            end) over (partition by problem, grain, period)
            + 1 / ({{ limits.period_shift }} * {{ limits.period_shift }})
        ) as shift
    from learn_from_arrivals
),

shifted as (
    select *, 1 / (1 + exp(-({{ log_odds('corrected') }} + shift))) as probability from shift_the_period
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
from shifted
