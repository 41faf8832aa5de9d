-- One row per problem, grain, period, model version and score bin: how often its scores came true in the weeks before, as known then.
-- What:   share of positives less mean score in each bin of a version's scores, shrunk towards 0 by `prior_rows`.
-- Source: histogram binning; Zadrozny and Elkan 2001, Obtaining calibrated probability estimates.
-- Read:   a correction of 0.03 says that scores of the bin were 0.03 too low in the reference weeks; few rows correct little.
with scored as (select * from {{ ref('mon_scored') }} where label is not null),

period_rows as (select * from {{ ref('mon_scored_by_period') }}),

label_delay as (select * from {{ ref('mon_label_delay') }}),

counts_by_day as (
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
    (sum(counts.positives) - sum(counts.scores)) / (sum(counts.rows) + {{ var('estimation').prior_rows }}) as correction
-- what another version said of such rows does not show what a score of this one is worth
from (
    select distinct problem, grain, period, model_version, cast(period_end as date) as end_day from period_rows
) as periods
inner join label_delay using (problem, end_day)
inner join counts_by_day as counts
    on counts.problem = periods.problem
    and counts.model_version = periods.model_version
    and {{ is_reference_day('counts', 'periods.end_day', 'label_delay.days') }}
group by all
