-- One row per problem, monitor, subject, measure and day that is over: everything that is watched, in one shape.
{%- set of_features = {
    'shift': 'mean', 'spread': 'ln(greatest(deviation, deviation_trained / 100))', 'shape': 'jensen_shannon', 'top_share': 'top_share',
    'missing': 'missing', 'unseen': 'unseen', 'out_of_range': 'out_of_range',
} %}
{%- set of_scores = {'score_spread': of_features.spread, 'score_shape': 'jensen_shannon', 'score_top_share': 'top_share'} %}
{%- set of_predictions = ['mean_score', 'share_flagged', 'entropy', 'share_distinct'] %}
with clock as (select cast(now as date) as today from {{ ref('stg_asof__clock') }}),

-- On the day of a promotion two versions have served: each counts by its rows, and the history goes on.
drift as (
    select problem, feature, day, rows_served as rows, nullif(deviation_trained, 0) as deviation_trained, deviation, mean,
        jensen_shannon, top_share, missing, unseen, out_of_range
    from {{ ref('mon_drift_by_day') }}
    where day < (select today from clock)
),

proxies as (
    select *, label_rate - mean_score_labelled as label_surprise
    from {{ ref('mon_proxies') }}
    where day < (select today from clock)
),

-- A feature that is not among the reasons of a day has a share of 0.
days_explained as (select problem, day, max(rows_explained) as rows from {{ ref('mon_reasons') }} group by all),

reasons as (
    select days_explained.*, features.feature, coalesce(found.share, 0) as share
    from days_explained
    inner join (select distinct problem, feature from {{ ref('mon_reasons') }}) as features using (problem)
    left join {{ ref('mon_reasons') }} as found using (problem, day, feature)
    where day < (select today from clock)
),

-- A day of landing is over when the clock stands as late in it as it usually did at last: hourly or once a day.
volume as (
    select
        *,
        coalesce(
            {{ seconds_between('cast(day as timestamp)', 'clock') }} >= median({{ seconds_between('cast(day as timestamp)', 'clock') }}) over (
                partition by source order by day rows between 14 preceding and 1 preceding
            ), true
        ) as is_over
    from {{ ref('mon_volume') }}
),

measured as (
    {%- for measure, value in of_features.items() %}
    select problem, feature as subject, '{{ measure }}' as measure, day, {{ value }} as value, {{ 'deviation_trained' if measure == 'shift' else 1 }} as unit, rows
    from drift where feature not in ('score', 'label')
    union all
    {%- endfor %}
    {%- for measure, value in of_scores.items() %}
    select problem, 'score', '{{ measure }}', day, {{ value }}, 1, rows from drift where feature = 'score'
    union all
    {%- endfor %}
    {%- for measure in of_predictions %}
    select problem, 'score', '{{ measure }}', day, {{ measure }}, 1, rows from proxies
    union all
    {%- endfor %}
    {%- for measure in ['label_rate', 'label_surprise'] %}
    -- the labels that come first are not a fair sample: nine in ten must be in
    select problem, 'label', '{{ measure }}', day, {{ measure }}, 1, rows_labelled from proxies where share_labelled >= 0.9
    union all
    {%- endfor %}
    select problem, feature, 'reason_share', day, share, 1, rows from reasons
    union all
    select null, source, 'rows', day, ln(1 + rows), 1, null from volume where is_over
    union all
    select null, source, 'hours_behind', day, hours_behind, 1, null from volume where is_over
    union all
    select null, source, 'refused', day, share, 1, rows_received from {{ ref('mon_refused') }}
)

select
    problem,
    {{ declared_of_measure('monitor') }} as monitor,
    subject,
    measure,
    day,
    sum(value * rows_or_one) / sum(rows_or_one) as value,
    max(unit) * {{ declared_of_measure('least') }} as least_effect,
    {{ declared_of_measure('up') }} as only_up,
    {{ declared_of_measure('from_zero') }} as from_zero,
    cast(sum(rows) as bigint) as rows
from (select *, greatest(coalesce(rows, 1), 1) as rows_or_one from measured where value is not null and unit is not null)
group by problem, subject, measure, day
