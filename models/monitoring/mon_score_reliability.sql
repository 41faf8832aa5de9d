-- One row per problem, grain, period, model version and score bin: how often its scores came true in the weeks before, as known then.
{%- set limits = var('estimation') %}
with scored as (select * from {{ ref('mon_scored') }} where label is not null),

period_rows as (select * from {{ ref('mon_period_rows') }}),

label_delay as (select * from {{ ref('mon_label_delay') }}),

count_by_day as (
    select
        problem,
        model_version,
        cast(as_of as date) as day,
        cast(label_known_at as date) as known_day,
        {{ log_odds_bin('score') }} as score_bin,
        count(*) as rows,
        count_if(label) as positives,
        sum(score) as scores
    from scored
    group by all
)

select
    periods.problem,
    periods.grain,
    periods.period,
    periods.model_version,
    counts.score_bin,
    sum(counts.rows) as rows,
    sum(counts.positives) as positives,
    sum(counts.scores) as scores,
    -- a bin moves away from its scores only as fast as rows prove it
    (sum(counts.positives) - sum(counts.scores)) / (sum(counts.rows) + {{ limits.prior_rows }}) as correction
-- what another version said of such rows does not tell what a score of this one is worth
from (
    select distinct problem, grain, period, model_version, cast(period_end as date) as end_day from period_rows
) as periods
inner join label_delay using (problem, end_day)
inner join count_by_day as counts
    on counts.problem = periods.problem
    and counts.model_version = periods.model_version
    and counts.day < periods.end_day - label_delay.days
    and counts.day >= periods.end_day - label_delay.days - {{ limits.reference_days }}
    and counts.known_day < periods.end_day
group by all
