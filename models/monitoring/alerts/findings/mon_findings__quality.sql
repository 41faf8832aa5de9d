-- One row per week in which the rule did better than the champion, and per week whose estimate lies below all weeks before it.
{#- two margins of the gates: what a challenger may lose twice over is a loss that people should see -#}
{%- set loss = 0.01 %}
with quality as (
    select * from {{ ref('mon_quality_by_metric') }}
    where grain = 'week' and is_compared and rows_labelled >= {{ var('weekly_limits').quality_min_rows }}
),

estimated as (
    select * from {{ ref('mon_quality_estimated') }} where grain = 'week' and metric = 'roc_auc'
),

clock as (select now, cast(now as date) as today from {{ ref('stg_asof__clock') }}),

labels_by_week as (
    {{ labels_by_period("cast(date_trunc('week', day) as date)") }}
),

weeks_below_the_rule as (
    select
        champion.problem,
        'quality_below_rule' as kind,
        champion.period,
        concat(case champion.metric when 'roc_auc' then 'area under the ROC curve' else champion.metric end, ', champion less rule') as measure,
        champion.value - rule.value as value,
        cast(0 as double) as limit_value,
        -- every decision of the week would have been taken better without the model
        cast(1 as double) as damage,
        champion.rows_labelled as rows_at_stake
    from quality as champion
    inner join quality as rule using (problem, period)
    inner join labels_by_week as counted using (problem, period)
    cross join clock
    where
        -- a week that is not over may have its best days before it
        champion.period + 7 <= clock.today
        and {{ labels_are_in('counted.labels', 'counted.rows', 'champion.period', 'clock.now') }}
        and champion.scorer = 'champion' and rule.scorer = 'rule' and champion.better_when * (champion.value - rule.value) < 0
),

-- Weeks differ by what there is to decide: one that is worse than all whose truth was known at its end is not one of them.
lowest_week_before as (
    select
        this.problem,
        this.period,
        min(past.realised) as realised
    from estimated as this
    inner join estimated as past
        on past.problem = this.problem and past.period < this.period
        and past.realised is not null and {{ known_before('past.verified_at', 'this.period_end') }}
    group by all
),

weeks_estimated_lower_than_ever as (
    select
        estimated.problem,
        'quality_estimated' as kind,
        estimated.period,
        'upper end of the estimated area under the ROC curve' as measure,
        estimated.high as value,
        lowest.realised - {{ loss }} as limit_value,
        -- an area that is .1 lower orders one pair in ten wrongly that was ordered rightly before
        least(1, lowest.realised - estimated.estimate) as damage,
        estimated.rows_scored as rows_at_stake
    from estimated
    inner join lowest_week_before as lowest using (problem, period)
    where estimated.state = 'ESTIMATED' and estimated.high < lowest.realised - {{ loss }}
)

select
    problem,
    kind,
    'champion' as subject,
    'champion' as alert_subject,
    concat(problem, '__outcomes') as node,
    cast(period as timestamp) as seen_at,
    measure,
    value,
    limit_value,
    cast(null as varchar) as severity,
    damage,
    rows_at_stake
from (select * from weeks_below_the_rule union all select * from weeks_estimated_lower_than_ever) as weeks
