-- One row per trained model, without its text: what it was trained on, what its verdict was, when it was in office.
{{ config(alias='model_versions') }}

with model_versions as (select * from {{ ref('model_versions') }}),

verdicts as (select * from {{ ref('verdicts') }}),

promotions as (select * from {{ ref('promotions') }}),

terms_of_office as (
    select
        problem,
        model_version,
        min(effective_at) as champion_from,
        max(ends_at) as champion_until,
        bool_or(ends_at is null) as is_champion
    from (
        select *, lead(effective_at) over (partition by problem order by effective_at, promoted_at) as ends_at
        from promotions
    )
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
    coalesce(terms_of_office.is_champion, false) as is_champion,
    terms_of_office.champion_from,
    case when not terms_of_office.is_champion then terms_of_office.champion_until end as champion_until,
    model_versions.sha256,
    model_versions.data_fingerprint,
    model_versions.code_version
from model_versions
left join last_verdicts on last_verdicts.challenger = model_versions.model_version
left join terms_of_office using (problem, model_version)
