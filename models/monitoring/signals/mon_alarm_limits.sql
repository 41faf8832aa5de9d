-- One row per problem, measure and day: the rarity from which the worst of its series is a signal, by the budget of false alerts.
-- What:   peaks over threshold: the worst tenth of 182 days is the tail, exponential beyond its start u; limit = u + mean excess × ln(share of tail / budget).
-- Source: Davison and Smith 1990 (peaks over threshold); Coles, An Introduction to Statistical Modeling of Extreme Values, 2001, 4.3 (return levels).
-- Read:   a series whose rarity is beyond alone_limit (one day) or lasting_limit (two days in five) is a signal, if its effect matters.
{%- set how = signal_windows() %}
with worst_of_the_day as (
    select problem, measure, day, max(rarity) as alone, max(lasting_rarity) as lasting
    from {{ ref('mon_robust_z_scores') }}
    where rarity is not null
    group by all
),

-- One series is the worst of each day: taken together, features that move with each other count once.
two_rules as (
    select problem, measure, day, 'alone' as rule, alone as rarity from worst_of_the_day
    union all
    select problem, measure, day, 'lasting', lasting from worst_of_the_day
),

days_before as (
    select
        asked.problem,
        asked.measure,
        asked.day,
        asked.rule,
        past.rarity,
        count(*) over of_the_day as days,
        row_number() over (partition by asked.problem, asked.measure, asked.rule, asked.day order by past.rarity desc, past.day) as place
    from two_rules as asked
    inner join two_rules as past
        on past.problem is not distinct from asked.problem and past.measure = asked.measure and past.rule = asked.rule
        and past.day < asked.day and past.day >= asked.day - interval {{ how.tail_days }} days
    window of_the_day as (partition by asked.problem, asked.measure, asked.rule, asked.day)
),

-- The worst tenth of the days is the tail.
tails as (
    select
        problem, measure, day, rule,
        max(days) as days,
        max(rarity) filter (where place = ceil(days / 10.0) + 1) as tail_begins
    from days_before
    group by all
),

-- Beyond its beginning a tail falls as exponentials do, by its mean excess; five days of 1, which is what it would be if every series
-- were alike, steady it. Nothing counts for more than what happens in one tail of fifty: one real event must not blind.
mean_excesses as (
    select
        tail.problem, tail.measure, tail.day, tail.rule, tail.days, tail.tail_begins,
        count_if(days_before.rarity > tail.tail_begins) as in_tail,
        (5 + sum(greatest(least(days_before.rarity - tail.tail_begins, 4), 0))) / (5 + count_if(days_before.rarity > tail.tail_begins)) as mean_excess
    from tails as tail
    inner join days_before
        on days_before.problem is not distinct from tail.problem and days_before.measure = tail.measure
        and days_before.rule = tail.rule and days_before.day = tail.day
    where tail.days >= {{ how.fewest_days }}
    group by all
),

-- The budget is shared by all measures and both rules.
limits as (
    select
        *,
        -- a tail that never began counts as one that did once
        tail_begins + mean_excess * ln(greatest(in_tail, 1) / cast(days as double) / ({{ var('false_alerts_a_quarter') }} / cast(92 as double) / (2 * measures))) as rarity_limit
    from mean_excesses
    cross join (select count(*) as measures from {{ ref('monitored_measures') }}) as monitored
)

select
    problem,
    measure,
    day,
    max(days) as days,
    max(rarity_limit) filter (where rule = 'alone') as alone_limit,
    max(rarity_limit) filter (where rule = 'lasting') as lasting_limit
from limits
group by problem, measure, day
