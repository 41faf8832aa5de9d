-- One row per problem and day or week that is over whose labels are in, or a tenth of them others, since the monitors of past days were built.
{%- set a_tenth = var('estimation').unverified_share %}
with clock as (select cast(now as date) as today from {{ ref('stg_asof__clock') }}),

labels_by_day as (
    {{ labels_by_period() }}
),

-- what those monitors have seen
labels_by_day_then as (select problem, day, rows_labelled, positives from {{ ref('mon_auc_claimed') }}),

days as (
    select
        labels_by_day.problem,
        labels_by_day.period as day,
        labels_by_day.rows,
        labels_by_day.labels,
        labels_by_day.positives,
        coalesce(labels_by_day_then.rows_labelled, 0) as labels_then,
        coalesce(labels_by_day_then.positives, 0) as positives_then,
        usual_share
    from labels_by_day
    left join labels_by_day_then
        on labels_by_day_then.problem = labels_by_day.problem and labels_by_day_then.day = labels_by_day.period
    left join {{ ref('mon_label_share') }} as label_share on label_share.problem = labels_by_day.problem and label_share.day = labels_by_day.period
),

days_and_weeks as (
    {{ by_day_and_week('days', 'day') }}
),

labels_by_day_and_week as (
    select
        problem,
        grain,
        period,
        sum(rows) as rows,
        sum(labels) as labels,
        sum(labels_then) as labels_then,
        sum(positives) as positives,
        sum(positives_then) as positives_then,
        case when grain = 'day' then max(usual_share) end as usual_share
    from days_and_weeks
    cross join clock
    where end_day <= clock.today
    group by problem, grain, period
)

select problem, grain, period, rows, labels, labels_then, positives, positives_then
from labels_by_day_and_week
where
    {{ most_labels_are_in('labels', 'rows', 'usual_share') }}
    and (
        not {{ most_labels_are_in('labels_then', 'rows', 'usual_share') }}
        or abs(labels - labels_then) > {{ a_tenth }} * rows
        or abs(positives - positives_then) > {{ a_tenth }} * rows
    )
