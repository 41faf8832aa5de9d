-- One row per problem and cause of a training (first, schedule, each declared trigger): due or not, why, since when, what holds it.
with policy as (select * from {{ ref('mon_retraining_policy') }}),

clock as (select * from {{ ref('stg_asof__clock') }}),

trainings_of_each_problem as (
    select
        policy.*,
        clock.now,
        max(runs.as_of) filter (where runs.status = 'succeeded') as trained_as_of,
        -- failures count: what fails each time must not be tried all day
        coalesce(count_if(cast(runs.as_of as date) = cast(clock.now as date)), 0) as trainings_today
    from policy
    cross join clock
    left join {{ ref('ledger_runs') }} as runs on runs.problem = policy.problem and runs.phase = 'training'
    group by all
),

-- What a training has answered is not asked again: only weeks that ended after it count.
weeks_since_the_training as (
    select
        windows.*,
        row_number() over (partition by windows.problem, windows.trigger order by windows.week desc) as ago
    from {{ ref('mon_retraining_windows') }} as windows
    inner join trainings_of_each_problem as trainings using (problem)
    where windows.week_end > trainings.trained_as_of and windows.week_end <= trainings.now
),

triggers_over_weeks as (
    select
        problem,
        trigger,
        coalesce(bool_or(is_beyond) filter (where ago = 1), false) and count_if(is_beyond) >= any_value(trainings.beyond) as fires,
        min(week_end) filter (where is_beyond) as since,
        concat(count_if(is_beyond), ' of the last ', count(*), ' weeks beyond the limit, the latest ',
            round(max(value) filter (where ago = 1), 3), ' against ', round(max(limit_value) filter (where ago = 1), 3)) as why
    from weeks_since_the_training
    inner join trainings_of_each_problem as trainings using (problem)
    where ago <= trainings.windows
    group by all
),

latest_schedule_slots as (
    select problem, {{ schedule_slot('cadence', 'now') }} as slot_at from trainings_of_each_problem
),

causes as (
    select
        problem,
        'schedule' as trigger,
        slot_at > trained_as_of as fires,
        slot_at as since,
        concat('a ', cadence, ' training; ', coalesce('the last was as of ' || cast(trained_as_of as varchar), 'none so far')) as why
    from trainings_of_each_problem
    inner join latest_schedule_slots using (problem)
    where cadence <> 'never'
    union all
    -- without a label there is nothing to learn from, and a training that must fail is not begun
    select problem, 'first', labels > 0, now,
        case when labels > 0 then concat('nothing has been trained yet, ', labels, ' labels are known') else 'no label is known yet' end
    from trainings_of_each_problem
    inner join {{ ref('mon_new_labels') }} using (problem)
    where trained_as_of is null
    union all
    select problem, 'new_labels', labels >= new_labels, now, concat(labels, ' new labels, ', new_labels, ' are enough')
    from trainings_of_each_problem
    inner join {{ ref('mon_new_labels') }} using (problem)
    where contains(triggers, 'new_labels')
    union all
    select problem, trigger, fires, since, why
    from triggers_over_weeks
    inner join policy using (problem)
    where contains(triggers, trigger)
),

silence as (
    select problem, string_agg(source, ', ' order by source) as sources from {{ ref('mon_silent_labels') }} group by problem
),

held_causes as (
    select
        causes.*,
        trainings.trained_as_of,
        trainings.trainings_today,
        trainings.trained_as_of + trainings.cooldown_days * interval 1 day as cooldown_until,
        case
            when trainings.trained_as_of is null and causes.trigger <> 'first' then 'nothing has been trained yet'
            -- labels that nothing was heard of since are no truth to learn from
            when silence.sources is not null then concat('silence of ', silence.sources)
            when trainings.trainings_today >= trainings.daily_maximum then 'daily maximum'
            -- the calendar is no storm
            when causes.trigger <> 'schedule' and trainings.now < trainings.trained_as_of + trainings.cooldown_days * interval 1 day
                then 'cooldown'
        end as held_by
    from causes
    inner join trainings_of_each_problem as trainings using (problem)
    left join silence using (problem)
)

select
    problem,
    trigger,
    coalesce(fires, false) and held_by is null as is_due,
    coalesce(fires, false) as fires,
    why,
    case when fires then since end as since,
    held_by,
    cooldown_until,
    trained_as_of,
    trainings_today
from held_causes
