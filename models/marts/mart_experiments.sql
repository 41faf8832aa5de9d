-- One row per experiment that was run and per baseline: what was changed, what came of it, and whether it is in force.
{{ config(alias='experiments') }}

with experiments as (select * from {{ ref('experiments') }}),

baselines as (
    select problem, recipe_hash, min(started_at) as baseline_since
    from experiments
    where dimension = 'baseline'
    group by all
),

count_trials as (
    select experiment_id, count(*) as trials
    from {{ ref('trials') }}
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
    -- a later walk of the same recipe as the baseline is the trace that an accepted experiment leaves
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
    coalesce(count_trials.trials, 0) as trials,
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
left join count_trials using (experiment_id)
