-- One row per trained model, without its text: what it was trained on, what its verdict was, when it was champion.
with model_versions as (select * from {{ ref('ledger_model_versions') }}),

verdicts as (select * from {{ ref('ledger_verdicts') }}),

champion_periods as (select * from {{ ref('mon_champion_periods') }}),

champions as (
    select
        problem,
        model_version,
        min(starts_at) as champion_from,
        max(ends_at) as champion_until,
        bool_or(ends_at is null) as is_champion
    from champion_periods
    group by all
),

last_verdicts as (
    select challenger, max_by(decision, decided_at) as decision, max_by(reason, decided_at) as reason
    from verdicts
    group by all
)

select
    model_versions.model_version,
    model_versions.problem,
    model_versions.trained_as_of,
    model_versions.rows_trained,
    model_versions.rounds,
    model_versions.seconds,
    last_verdicts.decision,
    last_verdicts.reason,
    coalesce(champions.is_champion, false) as is_champion,
    champions.champion_from,
    case when not champions.is_champion then champions.champion_until end as champion_until,
    model_versions.sha256,
    model_versions.data_fingerprint,
    model_versions.code_version
from model_versions
left join last_verdicts on last_verdicts.challenger = model_versions.model_version
left join champions using (problem, model_version)
