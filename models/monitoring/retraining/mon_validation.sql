-- One row per verdict and gate: what was asked of the challenger, the answer, and how answers change from verdict to verdict.
with verdicts as (select * from {{ ref('ledger_verdicts') }}),

gates as (select * from {{ ref('ledger_verdict_gates') }}),

numbered_verdicts as (
    select
        *,
        count_if(decision = 'PROMOTE') over (partition by problem order by decided_as_of, decided_at) as promotions_so_far
    from verdicts
)

select
    v.problem,
    v.verdict_id,
    v.challenger,
    v.champion,
    v.decided_as_of,
    v.decision,
    v.rows_judged,
    v.clusters,
    -- 0 for a verdict that promotes, 1 for the first after it that does not
    dense_rank() over (
        partition by v.problem, v.promotions_so_far order by v.decided_as_of, v.decided_at, v.verdict_id
    ) - case when v.promotions_so_far > 0 then 1 else 0 end as verdicts_since_promotion,
    gates.gate,
    gates.passed,
    gates.estimate,
    gates.low,
    gates.high,
    gates.threshold,
    gates.estimate - lag(gates.estimate) over (
        partition by v.problem, gates.gate order by v.decided_as_of, v.decided_at, v.verdict_id
    ) as change,
    gates.reason
from numbered_verdicts as v
inner join gates using (verdict_id)
