-- One row per week whose estimated area under the ROC curve lies, with its whole interval, below what the weeks before reached.
with estimated as (
    select * from {{ ref('mon_quality_estimated') }} where grain = 'week' and metric = 'roc_auc'
),

-- half of the verified weeks before were worse than this, so an interval below it is a loss and not a bad week
usual as (
    select
        this.problem,
        this.period,
        percentile_cont(0.5) within group (order by past.realised) as realised
    from estimated as this
    inner join estimated as past
        on past.problem = this.problem and past.period < this.period and past.realised is not null
    group by all
)

select
    estimated.problem,
    'quality_estimated' as kind,
    'champion' as subject,
    'champion' as alert_subject,
    concat(estimated.problem, '__outcomes') as node,
    cast(estimated.period as timestamp) as seen_at,
    'upper end of the estimated area under the ROC curve' as measure,
    estimated.high as value,
    usual.realised - {{ var('alert_limits').quality_loss }} as limit_value,
    cast(null as varchar) as severity,
    -- an area that is .1 lower orders one pair in ten wrongly that was ordered rightly before
    least(1, usual.realised - estimated.estimate) as damage,
    estimated.rows_scored as rows_at_stake
from estimated
inner join usual using (problem, period)
where estimated.state = 'ESTIMATED' and estimated.high < usual.realised - {{ var('alert_limits').quality_loss }}
