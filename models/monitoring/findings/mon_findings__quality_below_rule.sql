-- One row per week in which the rule had the greater area under the ROC curve.
with quality as (
    select * from {{ ref('mon_quality') }}
    where
        grain = 'week' and rows_labelled >= {{ var('alert_limits').quality_min_rows }}
),

clock as (select now, cast(now as date) as today from {{ ref('stg_asof__clock') }}),

count_the_labels as (
    {{ labels_by_period("cast(date_trunc('week', day) as date)") }}
)

select
    champion.problem,
    'quality_below_rule' as kind,
    'champion' as subject,
    'champion' as alert_subject,
    concat(champion.problem, '__outcomes') as node,
    cast(champion.period as timestamp) as seen_at,
    'area under the ROC curve, champion less rule' as measure,
    champion.roc_auc - rule.roc_auc as value,
    cast(0 as double) as limit_value,
    cast(null as varchar) as severity,
    -- every decision of the week would have been taken better without the model
    cast(1 as double) as damage,
    champion.rows_labelled as rows_at_stake
from quality as champion
inner join quality as rule using (problem, period)
inner join count_the_labels as counted using (problem, period)
cross join clock
where
    -- a week that is not over may have its best days before it
    champion.period + 7 <= clock.today
    and {{ labels_are_in('counted.labels', 'counted.rows', 'champion.period', 'clock.now') }}
    and champion.scorer = 'champion' and rule.scorer = 'rule' and champion.roc_auc < rule.roc_auc
