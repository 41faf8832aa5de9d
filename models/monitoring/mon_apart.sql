-- One row per problem, feature, aspect and day: how far it is from where its closest companion puts it.
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='day') }}
{%- set how = var('signals') %}

{#- aspect: the measure, and a change of about as much as matters -#}
{%- set aspects = {
    'mean': ['mean', 'deviation_trained'],
    'missing': ['missing', '0.1'],
    'spread': ['ln(greatest(deviation / deviation_trained, 0.1))', '0.4'],
} %}
with drift as (
    select problem, feature, day, mean, missing, deviation, nullif(deviation_trained, 0) as deviation_trained, rows_served
    from {{ ref('mon_drift_by_day') }}
    where feature not in ('score', 'label') and {{ open_days('day', before=how.level_days + how.scale_days + 7) }}
),

-- On the day of a promotion two versions have served: the one with more rows speaks for it.
one_a_day as (
    select *, row_number() over (partition by problem, feature, day order by rows_served desc, deviation_trained) as place from drift
),

measured as (
    {%- for aspect, (value, unit) in aspects.items() %}
    select problem, feature, '{{ aspect }}' as aspect, day, {{ value }} as value, {{ unit }} as unit, rows_served as rows
    from one_a_day where place = 1
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- from the level of the days before
center as (
    select
        *,
        cast(date_trunc('week', day) as date) as week,
        (value - median(value) over (
            partition by problem, feature, aspect order by day
            range between interval {{ how.level_days }} days preceding and interval 1 days preceding
        )) / unit as moved
    from measured
    where value is not null and unit is not null
),

-- One day of a fault must not make companions of strangers: beyond three units it is as good as three.
clip as (select problem, feature, aspect, day, week, least(greatest(moved, -3), 3) as moved from center where moved is not null),

add_up_weeks as (
    select
        a.problem, a.aspect, a.feature, b.feature as companion, a.week,
        count(*) as n, sum(a.moved) as s_a, sum(b.moved) as s_b,
        sum(a.moved * b.moved) as s_ab, sum(a.moved * a.moved) as s_aa, sum(b.moved * b.moved) as s_bb
    from clip as a
    inner join clip as b on b.problem = a.problem and b.aspect = a.aspect and b.day = a.day and b.feature <> a.feature
    group by all
),

-- A quarter of weeks, and none of the days that are asked about.
look_back as (
    select
        problem, aspect, feature, companion, week,
        {%- for name in ['n', 's_a', 's_b', 's_ab', 's_aa', 's_bb'] %}
        sum({{ name }}) over before as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from add_up_weeks
    window before as (
        partition by problem, aspect, feature, companion order by week
        range between interval {{ how.scale_days }} days preceding and interval 7 days preceding
    )
),

correlate as (
    select
        problem, aspect, feature, companion, week,
        (n * s_ab - s_a * s_b) / nullif(n * s_bb - s_b * s_b, 0) as slope,
        abs(n * s_ab - s_a * s_b) / nullif(sqrt(greatest((n * s_aa - s_a * s_a) * (n * s_bb - s_b * s_b), 0)), 0) as likeness
    from look_back
    where n >= {{ how.fewest_days }}
),

choose as (
    select *, row_number() over (partition by problem, aspect, feature, week order by likeness desc, companion) as place
    from correlate
    where likeness is not null
)

select
    center.problem,
    center.feature,
    center.aspect,
    center.day,
    choose.companion,
    choose.slope,
    choose.likeness,
    center.moved * center.unit as moved,
    (center.moved - choose.slope * other.moved) * center.unit as apart,
    center.unit,
    center.rows
from center
inner join choose
    on choose.problem = center.problem and choose.aspect = center.aspect and choose.feature = center.feature
    and choose.week = center.week and choose.place = 1
inner join center as other
    on other.problem = center.problem and other.aspect = center.aspect and other.feature = choose.companion and other.day = center.day
where center.moved is not null and other.moved is not null and {{ open_days('center.day', column='day') }}
