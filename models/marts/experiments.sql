-- One row per experiment that was run and per baseline: what was changed, what came of it, and whether it is in force.
with experiments as (select * from {{ ref('ledger_experiments') }}),

baselines as (
    select problem, recipe_hash, min(started_at) as baseline_since
    from experiments
    where dimension = 'baseline'
    group by all
),

trials_by_experiment as (
    select experiment_id, count(*) as trials
    from {{ ref('ledger_trials') }}
    group by all
)

select
    experiments.experiment_id,
    experiments.problem,
    experiments.name,
    experiments.hypothesis,
    experiments.dimension,
    experiments.change,
    experiments.status,
    experiments.decision,
    experiments.reason,
    -- a later walk-forward run of the same recipe as the baseline is the trace that an accepted experiment leaves
    coalesce(experiments.decision = 'accepted' and baselines.baseline_since > experiments.started_at, false) as is_adopted,
    experiments.metric,
    experiments.estimate,
    experiments.low,
    experiments.high,
    experiments.noise,
    {%- for metric in ['roc_auc', 'pr_auc', 'log_loss'] %}
    {{ json_number('experiments.metrics', "'" ~ metric ~ "'") }} as {{ metric }},
    {%- endfor %}
    experiments.rows,
    experiments.clusters,
    coalesce(trials_by_experiment.trials, 0) as trials,
    experiments.seconds,
    experiments.budget_seconds,
    experiments.peak_memory_mb,
    experiments.error,
    experiments.started_at,
    experiments.git_commit,
    experiments.dirty,
    experiments.recipe_hash,
    experiments.baseline_hash,
    experiments.data_fingerprint
from experiments
left join baselines using (problem, recipe_hash)
left join trials_by_experiment using (experiment_id)
