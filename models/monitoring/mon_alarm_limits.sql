-- One row per problem, measure and day: how far the worst of its series may stray before it is one false page too many.
{%- set how = var('signals') %}
with farthest_of_the_day as (
    select problem, measure, day, max(rarity) as alone, max(lasting_rarity) as lasting
    from {{ ref('mon_deviations') }}
    where rarity is not null
    group by all
),

-- One series is the worst of each day: taken together, features that move with each other count once.
two_rules as (
    select problem, measure, day, 'alone' as rule, alone as rarity from farthest_of_the_day
    union all
    select problem, measure, day, 'lasting', lasting from farthest_of_the_day
),

look_back as (
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

-- The tenth part of the days is the tail.
find_the_tail as (
    select
        problem, measure, day, rule,
        max(days) as days,
        max(rarity) filter (where place = ceil(days / 10.0) + 1) as tail_begins
    from look_back
    group by all
),

-- Beyond its beginning a tail falls as exponentials do, by its mean excess; five days of 1, which is what it would be if every series
-- were alike, steady it. Nothing counts for more than what happens in one tail of fifty: one real event must not blind.
measure_the_tail as (
    select
        tail.problem, tail.measure, tail.day, tail.rule, tail.days, tail.tail_begins,
        count_if(look_back.rarity > tail.tail_begins) as in_tail,
        (5 + sum(greatest(least(look_back.rarity - tail.tail_begins, 4), 0))) / (5 + count_if(look_back.rarity > tail.tail_begins)) as falls_within
    from find_the_tail as tail
    inner join look_back
        on look_back.problem is not distinct from tail.problem and look_back.measure = tail.measure
        and look_back.rule = tail.rule and look_back.day = tail.day
    where tail.days >= {{ how.fewest_days }}
    group by all
),

-- The budget is shared by all measures and both rules.
extrapolate as (
    select
        *,
        -- a tail that never began counts as one that did once
        tail_begins + falls_within * ln(greatest(in_tail, 1) / cast(days as double) / ({{ how.false_pages_a_quarter }} / cast(92 as double) / {{ 2 * how.measures | length }})) as rarity_limit
    from measure_the_tail
)

select
    problem,
    measure,
    day,
    max(days) as days,
    max(rarity_limit) filter (where rule = 'alone') as alone_limit,
    max(rarity_limit) filter (where rule = 'lasting') as lasting_limit
from extrapolate
group by problem, measure, day
