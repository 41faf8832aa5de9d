-- One row per problem, grain, period and metric: an interval for its quality before all labels are in, or BLIND and why.
-- What:   expected value ± the 95th of a hundred errors of the last sixty verified periods, in units of scale; BLIND where that promise was broken.
-- Source: split conformal prediction; Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005.
-- Read:   ESTIMATED: the metric will lie within low and high in 95 of a hundred periods. BLIND: nobody can know, and blind_because says why.
{%- set limits = var('estimation') %}
with expected as (select * from {{ ref('mon_quality_expected') }}),

-- The last periods whose truth was in when this one ended: how far off was what had been expected of them?
errors_of_periods_before as (
    select
        this.problem, this.grain, this.period, this.metric,
        past.period as past_period,
        abs(past.realised - past.expected) / past.scale as error,
        {{ seconds_between('past.period_end', 'past.verified_at') }} / 86400 as days_waited,
        row_number() over (partition by this.problem, this.grain, this.period, this.metric order by past.period desc) as ago
    from expected as this
    inner join expected as past
        on past.problem = this.problem and past.grain = this.grain and past.metric = this.metric
        and past.period < this.period
        and past.realised is not null and past.scale > 0
        and {{ known_before('past.verified_at', 'this.period_end') }}
),

ranked_errors as (
    select
        *,
        count(*) over (partition by problem, grain, period, metric) as periods_verified,
        row_number() over (partition by problem, grain, period, metric order by error) as place
    from errors_of_periods_before
    where ago <= {{ limits.periods }}
),

-- Of n + 1 exchangeable errors the last exceeds the ceil(.95 (n + 1))-th smallest in one case of twenty, whatever their
-- distribution (Vovk, Gammerman, Shafer 2005; split conformal prediction). Below 19 there is no such error.
error_reaches as (
    select
        problem, grain, period, metric,
        max(periods_verified) as periods_verified,
        max(past_period) as last_verified,
        quantile_cont(days_waited, 0.9) as days_until_verified,
        min(error) filter (where place >= ceil(0.95 * (periods_verified + 1))) as error_reach,
        max(error) as greatest_error
    from ranked_errors
    group by all
),

expected_with_reach as (
    select
        expected.*,
        period - lag(period) over (partition by problem, grain, metric order by period) as days_since_period,
        coalesce(periods_verified, 0) as periods_verified,
        period - last_verified as days_since_verified,
        days_until_verified,
        error_reach,
        greatest_error
    from expected
    left join error_reaches using (problem, grain, period, metric)
),

recent_misses_of_each as (
    select errors_of_periods_before.problem, errors_of_periods_before.grain, errors_of_periods_before.period, errors_of_periods_before.metric,
        count_if(errors_of_periods_before.error > past.error_reach) as recent_misses
    from errors_of_periods_before
    inner join expected_with_reach as past
        on past.problem = errors_of_periods_before.problem and past.grain = errors_of_periods_before.grain and past.metric = errors_of_periods_before.metric
        and past.period = errors_of_periods_before.past_period
    where errors_of_periods_before.ago <= {{ limits.recent }}
    group by all
),

-- What cannot be known is not estimated. The first reason that holds is shown.
states as (
    select
        expected_with_reach.*,
        recent_misses,
        case
            when error_reach is null then 'too few periods whose truth is known'
            when recent_misses >= {{ limits.misses }} then 'recent estimates missed the truth'
            when unverified_share > {{ limits.unverified_share }} then 'scores that no label has verified'
            when days_since_verified > ceil(days_until_verified) + {{ limits.silent_periods }} * days_since_period then 'labels stopped coming'
        end as blind_because
    from expected_with_reach
    left join recent_misses_of_each using (problem, grain, period, metric)
),

-- Errors are exchangeable with the recent past until something changes, and a recent miss is the first sign of that: then the
-- interval is as wide as the worst error of all, and wider, until misses make it BLIND or are forgotten.
intervals as (
    select
        *,
        case when recent_misses > 0 then {{ limits.wider }} * greatest_error else error_reach end * scale as reach
    from states
)

select
    problem,
    grain,
    period,
    period_end,
    metric,
    case when blind_because is null then 'ESTIMATED' else 'BLIND' end as state,
    blind_because,
    expected as estimate,
    case when blind_because is null then greatest(0, expected - reach) end as low,
    case
        when blind_because is not null then null
        when metric = 'log_loss' then expected + reach
        else least(1, expected + reach)
    end as high,
    realised,
    verified_at,
    rows_scored,
    unknown_share,
    periods_verified
from intervals
union all
select * from {{ ref('mon_quality_unclaimed') }}
