-- One row per problem whose last successful training is too long ago.
with training as (select * from {{ ref('mon_training') }}),

clock as (select * from {{ ref('stg_asof__clock') }}),

-- As of the latest training, whatever became of it.
look_at_the_latest as (
    select problem, max(as_of) filter (where status = 'succeeded') as succeeded_as_of, max(usual_gap_days) as usual_gap_days
    from training
    group by problem
),

measure as (
    select
        look_at_the_latest.problem,
        clock.now,
        {{ seconds_between('look_at_the_latest.succeeded_as_of', 'clock.now') }} / 86400 as days,
        -- twice the usual: one training that fails is made up for by the next
        coalesce(2 * look_at_the_latest.usual_gap_days, {{ var('alert_limits').training_overdue_days }}) as limit_days
    from look_at_the_latest
    cross join clock
)

select
    problem,
    'training_overdue' as kind,
    'training' as subject,
    'training' as alert_subject,
    'model_versions' as node,
    now as seen_at,
    days as value,
    cast(limit_days as double) as limit_value,
    cast(null as varchar) as severity,
    cast(null as double) as damage,
    cast(null as bigint) as rows_at_stake
from measure
where days > limit_days
