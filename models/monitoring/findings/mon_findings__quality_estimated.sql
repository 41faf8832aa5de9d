-- One row per week whose estimated area under the ROC curve lies, with its whole interval, below the lowest that a week reached before.
with estimated as (
    select * from {{ ref('mon_quality_estimated') }} where grain = 'week' and metric = 'roc_auc'
),

-- Weeks differ by what there is to decide: one that is worse than all whose truth was known at its end is not one of them.
lowest as (
    select
        this.problem,
        this.period,
        min(past.realised) as realised
    from estimated as this
    inner join estimated as past
        on past.problem = this.problem and past.period < this.period
        and past.realised is not null and {{ known_before('past.verified_at', 'this.period_end') }}
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
    lowest.realised - {{ var('alert_limits').quality_loss }} as limit_value,
    cast(null as varchar) as severity,
    -- an area that is .1 lower orders one pair in ten wrongly that was ordered rightly before
    least(1, lowest.realised - estimated.estimate) as damage,
    estimated.rows_scored as rows_at_stake
from estimated
inner join lowest using (problem, period)
where estimated.state = 'ESTIMATED' and estimated.high < lowest.realised - {{ var('alert_limits').quality_loss }}
