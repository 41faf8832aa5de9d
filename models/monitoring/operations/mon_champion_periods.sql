-- One row per champion period: which model version scores the rows with starts_at <= as_of < ends_at; the last period has no end.
with promotions as (select * from {{ ref('ledger_promotions') }}),

changes_of_champion as (
    select
        problem,
        model_version,
        effective_at as starts_at,
        lead(effective_at) over (partition by problem order by effective_at, promoted_at) as ends_at
    from promotions
)

select
    problem,
    model_version,
    starts_at,
    ends_at
from changes_of_champion
-- a champion that was replaced at its very start never scored
where ends_at is null or starts_at < ends_at
