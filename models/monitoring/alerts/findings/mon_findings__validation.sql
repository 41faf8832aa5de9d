-- One row per gate that a challenger failed, per holdout unlike the one before, and per problem without a promotion for long.
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

problems_without_promotion as (
    select
        problem, 'no_promotion' as kind, 'challengers' as subject, 'ledger_verdicts' as node, decided_as_of as seen_at,
        'verdicts since the last promotion' as measure, cast(verdicts as double) as value,
        cast({{ verdicts_limit }} as double) as limit_value, cast(null as bigint) as rows_at_stake
    from latest_verdicts
    where verdicts >= {{ verdicts_limit }}
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
    select * from problems_without_promotion
    union all
    select * from holdouts_of_another_population
) as findings
