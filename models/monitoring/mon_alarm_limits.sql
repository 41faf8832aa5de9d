-- One row per problem, measure and day: how far the worst of its series may stray before it is one false page too many.
{%- set how = var('signals') %}
with farthest_of_the_day as (
    select problem, measure, day, max(abs(stray)) as alone, max(lasting_stray) as lasting
    from {{ ref('mon_deviations') }}
    where stray is not null
    group by all
),

-- One series is the worst of each day: taken together, features that move with each other count once.
two_rules as (
    select problem, measure, day, 'alone' as rule, alone as stray from farthest_of_the_day
    union all
    select problem, measure, day, 'lasting', lasting from farthest_of_the_day
),

look_back as (
    select
        asked.problem,
        asked.measure,
        asked.day,
        asked.rule,
        past.stray,
        count(*) over of_the_day as days,
        row_number() over (partition by asked.problem, asked.measure, asked.rule, asked.day order by past.stray desc, past.day) as place
    from two_rules as asked
    inner join two_rules as past
        on past.problem is not distinct from asked.problem and past.measure = asked.measure and past.rule = asked.rule
        and past.day < asked.day and past.day >= asked.day - interval {{ how.tail_days }} days
    window of_the_day as (partition by asked.problem, asked.measure, asked.rule, asked.day)
),

-- The tenth part of the days is the tail. Nothing in it counts for more than four times its beginning: one real event must not blind.
find_the_tail as (
    select
        problem, measure, day, rule,
        max(days) as days,
        ceil(max(days) / 10.0) as in_tail,
        max(stray) filter (where place = ceil(days / 10.0) + 1) as tail_begins
    from look_back
    group by all
),

measure_the_tail as (
    select
        tail.*,
        avg(ln(least(look_back.stray, 4 * tail.tail_begins) / tail.tail_begins)) as heaviness
    from find_the_tail as tail
    inner join look_back
        on look_back.problem is not distinct from tail.problem and look_back.measure = tail.measure
        and look_back.rule = tail.rule and look_back.day = tail.day
    where look_back.place <= tail.in_tail and tail.tail_begins > 0 and tail.days >= {{ how.fewest_days }}
    group by all
),

-- Hill 1975, Weissman 1978: beyond its beginning a tail falls like a power. The budget is shared by all measures and both rules.
extrapolate as (
    select
        *,
        tail_begins * power(
            in_tail / days / ({{ how.false_pages_a_quarter }} / 92.0 / {{ 2 * how.measures | length }}), heaviness
        ) as stray_limit
    from measure_the_tail
)

select
    problem,
    measure,
    day,
    max(days) as days,
    max(stray_limit) filter (where rule = 'alone') as alone_limit,
    max(stray_limit) filter (where rule = 'lasting') as lasting_limit,
    max(heaviness) filter (where rule = 'alone') as alone_heaviness,
    max(heaviness) filter (where rule = 'lasting') as lasting_heaviness
from extrapolate
group by problem, measure, day
