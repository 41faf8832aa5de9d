-- One row per problem and cause of a training (first, schedule, each declared trigger): due or not, why, since when, what holds it.
with policy as (select * from {{ ref('mon_retraining_policy') }}),

clock as (select * from {{ ref('stg_asof__clock') }}),

remember_the_trainings as (
    select
        policy.*,
        clock.now,
        max(runs.as_of) filter (where runs.status = 'succeeded') as trained_as_of,
        -- failures count: what fails each time must not be tried all day
        coalesce(count_if(cast(runs.as_of as date) = cast(clock.now as date)), 0) as trainings_today
    from policy
    cross join clock
    left join {{ ref('runs') }} as runs on runs.problem = policy.problem and runs.phase = 'training'
    group by all
),

-- What a training has answered is not asked again: only weeks that ended after it count.
rank_the_weeks as (
    select
        windows.*,
        row_number() over (partition by windows.problem, windows.trigger order by windows.week desc) as ago
    from {{ ref('mon_retraining_windows') }} as windows
    inner join remember_the_trainings as trainings using (problem)
    where windows.week_end > trainings.trained_as_of and windows.week_end <= trainings.now
),

weigh_the_weeks as (
    select
        problem,
        trigger,
        coalesce(bool_or(is_beyond) filter (where ago = 1), false) and count_if(is_beyond) >= any_value(trainings.beyond) as fires,
        min(week_end) filter (where is_beyond) as since,
        concat(count_if(is_beyond), ' of the last ', count(*), ' weeks beyond the limit, the latest ',
            round(max(value) filter (where ago = 1), 3), ' against ', round(max(limit_value) filter (where ago = 1), 3)) as said
    from rank_the_weeks
    inner join remember_the_trainings as trainings using (problem)
    where ago <= trainings.windows
    group by all
),

look_at_the_calendar as (
    select problem, {{ turn_of_cadence('cadence', 'now') }} as turned_at from remember_the_trainings
),

collect as (
    select
        problem,
        'schedule' as trigger,
        turned_at > trained_as_of as fires,
        turned_at as since,
        concat('a ', cadence, ' training; ', coalesce('the last was as of ' || cast(trained_as_of as varchar), 'none so far')) as said
    from remember_the_trainings
    inner join look_at_the_calendar using (problem)
    where cadence <> 'never'
    union all
    -- without a label there is nothing to learn from, and a training that must fail is not begun
    select problem, 'first', labels > 0, now,
        case when labels > 0 then concat('nothing has been trained yet, ', labels, ' labels are known') else 'no label is known yet' end
    from remember_the_trainings
    inner join {{ ref('mon_new_labels') }} using (problem)
    where trained_as_of is null
    union all
    select problem, 'new_labels', labels >= new_labels, now, concat(labels, ' new labels, ', new_labels, ' are enough')
    from remember_the_trainings
    inner join {{ ref('mon_new_labels') }} using (problem)
    where contains(triggers, 'new_labels')
    union all
    select problem, trigger, fires, since, said
    from weigh_the_weeks
    inner join policy using (problem)
    where contains(triggers, trigger)
),

hold as (
    select
        collect.*,
        trainings.trained_as_of,
        trainings.trainings_today,
        trainings.trained_as_of + trainings.cooldown_days * interval 1 day as cooldown_until,
        case
            when trainings.trained_as_of is null and collect.trigger <> 'first' then 'nothing has been trained yet'
            when trainings.trainings_today >= trainings.daily_maximum then 'daily maximum'
            -- the calendar is no storm
            when collect.trigger <> 'schedule' and trainings.now < trainings.trained_as_of + trainings.cooldown_days * interval 1 day
                then 'cooldown'
        end as held_by
    from collect
    inner join remember_the_trainings as trainings using (problem)
)

select
    problem,
    trigger,
    coalesce(fires, false) and held_by is null as is_due,
    coalesce(fires, false) as fires,
    said as why,
    case when fires then since end as since,
    held_by,
    cooldown_until,
    trained_as_of,
    trainings_today
from hold
