-- One row per problem, monitor, subject, measure and day that is over: everything that is watched, in one shape.
-- What:   a `select` per measure; seeds/monitored_measures.csv says what each is, which change of it matters, and why.
-- Source: the monitors by day; means and spreads in standard deviations of training and in logarithms, so that ratios are differences.
-- Read:   value is compared with the past of the same problem, subject, measure and version by mon_robust_z_scores.
{%- set of_features = {
    'shift': 'mean', 'spread': 'ln(greatest(deviation / deviation_trained, 0.1))', 'shape': 'jensen_shannon', 'top_share': 'top_share',
    'missing': 'missing', 'unseen': 'unseen', 'out_of_range': 'out_of_range * least(deviation / deviation_trained, 1)',
} %}
{%- set of_scores = {'score_spread': of_features.spread, 'score_shape': 'jensen_shannon', 'score_top_share': 'top_share'} %}
{%- set of_predictions = ['mean_score', 'score_above_rule', 'share_flagged', 'entropy', 'share_distinct'] %}
{#- of numbers, in standard deviations of what is predicted on the day -#}
{%- set of_numbers = ['mean_number', 'number_above_rule'] %}
with clock as (select cast(now as date) as today from {{ ref('stg_asof__clock') }}),

-- Rows that agree with each other count as one cluster: a rate of the whole city leaves its range with a season, and with all rows at once.
drift as (
    select problem, feature, day, rows_served as rows, nullif(deviation_trained, 0) as deviation_trained, deviation, mean,
        jensen_shannon, top_share, missing, unseen, out_of_range, {{ has_drift() }} as has_drift
    from {{ ref('mon_drift_by_day') }}
    where day < (select today from clock)
),

proxies as (
    select
        *, label_rate - mean_score_labelled as label_surprise, mean_score - mean_rule_score as score_above_rule,
        ln(1 + sum(rows) over (partition by problem, day)) as rows_scored
    from {{ ref('mon_proxies') }}
    left join {{ ref('mon_label_share') }} using (problem, day)
    where day < (select today from clock)
),

-- The labels that come first are not a fair sample: all but a few of those that come at all must be in. A week is its days, each by its rows.
ranking_losses as (
    select
        *,
        sum(rows_labelled * lost) over week / sum(rows_labelled) over week as lost_week,
        count(*) over week as days
    from {{ ref('mon_auc_claimed') }}
    left join {{ ref('mon_label_share') }} using (problem, day)
    where day < (select today from clock) and lost is not null and {{ most_labels_are_in('rows_labelled', 'rows', 'usual_share') }}
    window week as (partition by problem order by day range between interval 6 days preceding and current row)
),

-- A day of landing is over when it is yesterday, or when the clock stands as late in it as it usually did at last.
volume as (
    select
        *,
        mon_volume.day < (select today from clock) or coalesce(
            {{ seconds_between('cast(day as timestamp)', 'clock') }} >= median({{ seconds_between('cast(day as timestamp)', 'clock') }}) over (
                partition by source order by day rows between 14 preceding and 1 preceding
            ), true
        ) as is_over
    from {{ ref('mon_volume') }} as mon_volume
),

measures as (
    {%- for measure, value in of_features.items() %}
    select problem, feature as subject, null as version, '{{ measure }}' as measure, day, {{ value }} as value, {{ 'deviation_trained' if measure == 'shift' else 1 }} as unit, rows
    from drift where feature not in ('score', 'label'){{ ' and has_drift' if measure not in ('missing', 'unseen') }}
    union all
    {%- endfor %}
    select problem, feature, null, concat(aspect, '_residual'), day, residual, case when aspect = 'mean' then unit else 1 end, rows
    from {{ ref('mon_residuals') }} where day < (select today from clock) and (aspect = 'missing' or {{ has_drift() }})
    union all
    {%- for measure, value in of_scores.items() %}
    select problem, 'score', null, '{{ measure }}', day, {{ value }}, 1, rows from drift where feature = 'score'
    union all
    {%- endfor %}
    {%- for measure in of_predictions %}
    select problem, 'score', null, '{{ measure }}', day, {{ measure }}, 1, rows from proxies
    union all
    {%- endfor %}
    {%- for measure in of_numbers %}
    select problem, 'score', null, '{{ measure }}', day, {{ measure }}, nullif(number_deviation, 0), rows from proxies where {{ measure }} is not null
    union all
    {%- endfor %}
    {%- for measure in ['label_rate', 'label_surprise'] %}
    select problem, 'label', null, '{{ measure }}', day, {{ measure }}, 1, rows_labelled from proxies where {{ most_labels_are_in('share_labelled', '1', 'usual_share') }}
    union all
    {%- endfor %}
    select problem, 'score', null, 'rows_scored', day, rows_scored, 1, null from proxies
    union all
    select problem, 'score', model_version, 'reasons_moved', day, moved, 1, rows_explained
    from {{ ref('mon_reasons_moved') }} where day < (select today from clock)
    union all
    select problem, 'label', null, 'auc_lost', day, lost, 1, rows_labelled from ranking_losses
    union all
    select problem, 'label', null, 'auc_lost_week', day, lost_week, 1, rows_labelled from ranking_losses where days >= 5
    union all
    select null, source, null, 'rows', day, ln(1 + rows), 1, null from volume where is_over
    union all
    select null, source, null, 'hours_behind', day, hours_behind, 1, null from volume where is_over
)

-- On the day of a promotion two versions have served, one the night and one the day: the one with more rows speaks for it.
select
    problem,
    monitored.monitor,
    subject,
    measure,
    version,
    day,
    value,
    unit * monitored.least_effect as least_effect,
    monitored.only_up,
    monitored.from_zero,
    cast(rows as bigint) as rows
from (
    select *, row_number() over (partition by problem, subject, measure, day order by rows desc, version) as place
    from measures
    where value is not null and unit is not null
) as versions
left join {{ ref('monitored_measures') }} as monitored using (measure)
where place = 1
