-- One row per problem, feature, aspect and day: the residual of its change on the change of its most correlated feature.
-- What:   Pearson correlation and least-squares slope of daily changes over the thirteen weeks before the week; residual = change - slope × the other's.
-- Source: Draper and Smith, Applied Regression Analysis, 1998, chapter 1; changes are from the median of four weeks, cut off at three units.
-- Read:   near 0 where both features moved together, as weather moves them; large where one of them moved alone, as a fault moves it.
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='day') }}
{%- set how = signal_windows() %}

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
main_version_of_each_day as (
    select *, row_number() over (partition by problem, feature, day order by rows_served desc, deviation_trained) as place from drift
),

aspects_by_day as (
    {%- for aspect, (value, unit) in aspects.items() %}
    select problem, feature, '{{ aspect }}' as aspect, day, {{ value }} as value, {{ unit }} as unit, rows_served as rows
    from main_version_of_each_day where place = 1
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- from the level of the days before
changes as (
    select
        *,
        cast(date_trunc('week', day) as date) as week,
        (value - median(value) over (
            partition by problem, feature, aspect order by day
            range between interval {{ how.level_days }} days preceding and interval 1 days preceding
        )) / unit as change
    from aspects_by_day
    where value is not null and unit is not null
),

-- One day of a fault must not make two unrelated features look correlated: beyond three units it is as good as three.
clipped_changes as (select problem, feature, aspect, day, week, least(greatest(change, -3), 3) as change from changes where change is not null),

sums_by_week as (
    select
        a.problem, a.aspect, a.feature, b.feature as other_feature, a.week,
        count(*) as n, sum(a.change) as s_a, sum(b.change) as s_b,
        sum(a.change * b.change) as s_ab, sum(a.change * a.change) as s_aa, sum(b.change * b.change) as s_bb
    from clipped_changes as a
    inner join clipped_changes as b on b.problem = a.problem and b.aspect = a.aspect and b.day = a.day and b.feature <> a.feature
    group by all
),

-- A quarter of weeks, and none of the days that are asked about.
sums_of_the_weeks_before as (
    select
        problem, aspect, feature, other_feature, week,
        {%- for name in ['n', 's_a', 's_b', 's_ab', 's_aa', 's_bb'] %}
        sum({{ name }}) over before as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from sums_by_week
    window before as (
        partition by problem, aspect, feature, other_feature order by week
        range between interval {{ how.scale_days }} days preceding and interval 7 days preceding
    )
),

correlations as (
    select
        problem, aspect, feature, other_feature, week,
        (n * s_ab - s_a * s_b) / nullif(n * s_bb - s_b * s_b, 0) as slope,
        abs(n * s_ab - s_a * s_b) / nullif(sqrt(greatest((n * s_aa - s_a * s_a) * (n * s_bb - s_b * s_b), 0)), 0) as correlation
    from sums_of_the_weeks_before
    where n >= {{ how.fewest_days }}
),

most_correlated as (
    select *, row_number() over (partition by problem, aspect, feature, week order by correlation desc, other_feature) as place
    from correlations
    where correlation is not null
)

select
    changes.problem,
    changes.feature,
    changes.aspect,
    changes.day,
    most_correlated.other_feature as most_correlated,
    most_correlated.slope,
    most_correlated.correlation,
    changes.change * changes.unit as change,
    (changes.change - most_correlated.slope * other.change) * changes.unit as residual,
    changes.unit,
    changes.rows
from changes
inner join most_correlated
    on most_correlated.problem = changes.problem and most_correlated.aspect = changes.aspect and most_correlated.feature = changes.feature
    and most_correlated.week = changes.week and most_correlated.place = 1
inner join changes as other
    on other.problem = changes.problem and other.aspect = changes.aspect and other.feature = most_correlated.other_feature and other.day = changes.day
where changes.change is not null and other.change is not null and {{ open_days('changes.day', column='day') }}
