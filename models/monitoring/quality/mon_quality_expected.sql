-- One row per problem, grain, period and metric: what was expected of it at its end, and what it turned out to be.
-- What:   each metric with expected labels in the place of labels, and with the labels once practically all are in.
-- Source: expectations of the sums in macro quality_of_counts, whose rows may be fractions; Hanley and McNeil 1982 for the scale of an area.
-- Read:   realised - expected is the error of the estimate; divided by scale it can be compared between periods.
{{ config(materialized='incremental', tags=['once_a_day'], incremental_strategy='delete+insert', on_schema_change='append_new_columns', unique_key=['problem', 'grain', 'period', 'metric']) }}
{%- set limits = var('estimation') -%}
{%- set metrics = ['roc_auc', 'pr_auc', 'log_loss', 'brier', 'positive_rate'] %}
{%- set changed = oldest_change(
    labels_by_period(),
    "select problem, period, rows_labelled as labels, positives from " ~ this ~ " where grain = 'day' and metric = case when " ~ is_binary() ~ " then 'roc_auc' else 'positive_rate' end",
    columns=['rows_labelled', 'positives'],
) %}
-- A period that is closed keeps what was expected of it, until its labels or those of one before are others.
with expected_labels as (
    select * from {{ ref('mon_expected_labels') }} where {{ open_days('period', before=6, changed=changed) }}
),

label_shares as (select * from {{ ref('mon_label_share') }}),

points as (
    select problem, grain, period, 'expected' as who, score, 1 as rows, expected_label as positives from expected_labels
    union all
    select problem, grain, period, 'realised', score, 1, cast(label as integer) from expected_labels where label is not null
),

areas_and_losses as (
    {{ quality_of_counts('points', by=['problem', 'grain', 'period', 'who']) }}
),

rates as (
    select problem, grain, period, who, {{ exact_sum('positives') }} / sum(rows) as positive_rate from points group by all
),

metrics_by_period as (select * from areas_and_losses inner join rates using (problem, grain, period, who)),

periods_described as (
    select
        expected_labels.problem,
        grain,
        period,
        period_end,
        count(*) as rows_scored,
        cast(count_if(not is_known) as double) / count(*) as unknown_share,
        cast(count_if(bin_rows < {{ limits.fewest_in_bin }}) as double) / count(*) as unverified_share,
        {{ practically_all('count(label)', 'count(*)', 'max(usual_share)') }} as is_verified,
        max(label_known_at) as verified_at,
        count(label) as rows_labelled,
        count_if(label) as positives
    from expected_labels
    -- a week that asks on another day than its first has what the day before says
    asof left join label_shares on label_shares.problem = expected_labels.problem and label_shares.day <= expected_labels.period
    group by all
)

{% for metric in metrics %}
select
    periods.*,
    '{{ metric }}' as metric,
    expected.{{ metric }} as expected,
    case when periods.is_verified then realised.{{ metric }} end as realised,
    -- the size of an error that chance alone would make: where few labels are missing, little can go wrong
    {% if metric == 'roc_auc' -%}
    {{ area_error('expected.roc_auc', 'expected.positive_rate * rows_scored', '(1 - expected.positive_rate) * rows_scored') }}
    {%- else -%}
    1 / sqrt(rows_scored)
    {%- endif %} * sqrt(unknown_share) as scale
from periods_described as periods
inner join metrics_by_period as expected
    on expected.problem = periods.problem and expected.grain = periods.grain and expected.period = periods.period
    and expected.who = 'expected'
left join metrics_by_period as realised
    on realised.problem = periods.problem and realised.grain = periods.grain and realised.period = periods.period
    and realised.who = 'realised'
{%- if metric != 'positive_rate' %}
where {{ is_binary('periods.problem') }}
{%- endif %}
{{ "union all" if not loop.last }}
{% endfor %}
