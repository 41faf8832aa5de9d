-- One row per training that took more seconds or memory than its budget, or far more than trainings before it.
with training as (select * from {{ ref('mon_training') }} where status = 'succeeded')

select
    problem,
    'training_cost' as kind,
    over_what as subject,
    over_what as alert_subject,
    'ledger_model_versions' as node,
    as_of as seen_at,
    measure,
    value,
    limit_value,
    cast(null as varchar) as severity,
    cast(null as double) as damage,
    rows_trained as rows_at_stake
from (
    select *, 'seconds' as over_what, 'seconds that it took itself' as measure, own_seconds as value, limit_seconds as limit_value from training
    union all
    select *, 'processor seconds' as over_what, 'processor seconds that it took' as measure, cpu_seconds as value, usual_limit_seconds as limit_value
    from training
    union all
    select *, 'memory' as over_what, 'MB that it took' as measure, own_memory_mb as value, limit_memory_mb as limit_value from training
)
where value > limit_value
