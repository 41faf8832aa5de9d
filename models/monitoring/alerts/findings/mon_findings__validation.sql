-- One row per failed gate, champion worse than the one before, holdout unlike the one before, and problem long without a promotion.
{#- the usual reading of the index: above 1/4 the population is another one -#}
{%- set psi_limit = 0.25 %}
{#- half a year of monthly challengers: the champion is as old as two seasons -#}
{%- set verdicts_limit = 6 %}
with validation as (select * from {{ ref('mon_validation') }}),

latest_verdicts as (
    select problem, max(decided_as_of) as decided_as_of, max_by(verdicts_since_promotion, decided_as_of) as verdicts
    from validation
    group by problem
),

gates_that_failed as (
    select
        problem, 'gate_failed' as kind, gate as subject, 'ledger_verdicts' as node, decided_as_of as seen_at,
        'what the gate measures' as measure, estimate as value, threshold as limit_value, rows_judged as rows_at_stake
    from validation
    where passed = false
),

-- a sequence that has said so says it each day until the champion changes: once is enough
champions_worse_than_before as (
    select
        problem, 'rollback' as kind, 'champion' as subject, 'ledger_shadow_evidence' as node, min(looked_as_of) as seen_at,
        concat('loss in ', any_value(metric), ' against ', model_version) as measure, arg_min(estimate, looked_as_of) as value,
        any_value(margin) as limit_value, arg_min("rows", looked_as_of) as rows_at_stake
    from {{ ref('ledger_shadow_evidence') }}
    where said in ('ROLLBACK', 'PROPOSE')
    group by problem, champion, model_version
),

problems_without_promotion as (
    select
        problem, 'no_promotion' as kind, 'challengers' as subject, 'ledger_verdicts' as node, decided_as_of as seen_at,
        'verdicts since the last promotion' as measure, cast(verdicts as double) as value,
        cast({{ verdicts_limit }} as double) as limit_value, cast(null as bigint) as rows_at_stake
    from latest_verdicts
    where verdicts > {{ verdicts_limit }}
),

-- the verdict is about another population; no decision of the champion is in doubt by that
holdouts_of_another_population as (
    select
        problem, 'test_set_drift' as kind, 'holdout' as subject, 'ledger_model_versions' as node, trained_as_of as seen_at,
        'PSI of one model''s scores on the holdout against the one before' as measure, score_psi as value,
        cast({{ psi_limit }} as double) as limit_value, rows_holdout as rows_at_stake
    from {{ ref('mon_holdout') }}
    where score_psi > {{ psi_limit }}
)

select
    problem,
    kind,
    subject,
    subject as alert_subject,
    node,
    seen_at,
    measure,
    value,
    limit_value,
    cast(null as varchar) as severity,
    cast(null as double) as damage,
    rows_at_stake
from (
    select * from gates_that_failed
    union all
    select * from champions_worse_than_before
    union all
    select * from problems_without_promotion
    union all
    select * from holdouts_of_another_population
) as findings
