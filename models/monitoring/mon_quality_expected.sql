-- One row per problem, grain, period and metric: what was expected of it at its end, and what it turned out to be.
{{ config(materialized='incremental', incremental_strategy='delete+insert', on_schema_change='append_new_columns', unique_key=['problem', 'grain', 'period', 'metric']) }}
{%- set limits = var('estimation') -%}
{%- set metrics = ['roc_auc', 'pr_auc', 'log_loss', 'brier', 'positive_rate'] %}
{%- set changed = oldest_change(
    labels_by_period(),
    "select problem, period, rows_labelled as labels, positives from " ~ this ~ " where grain = 'day' and metric = 'roc_auc'",
    columns=['rows_labelled', 'positives'],
) %}
-- A period that is closed keeps what was expected of it, until its labels or those of one before are others.
with expected_labels as (
    select * from {{ ref('mon_expected_labels') }} where {{ open_days('period', before=6, changed=changed) }}
),

points as (
    select problem, grain, period, 'expected' as who, score, 1 as rows, expected_label as positives from expected_labels
    union all
    select problem, grain, period, 'realised', score, 1, cast(label as integer) from expected_labels where label is not null
),

areas_and_losses as (
    {{ quality_of_counts('points', by=['problem', 'grain', 'period', 'who']) }}
),

rates as (
    select problem, grain, period, who, sum(positives) / sum(rows) as positive_rate from points group by all
),

measure as (select * from areas_and_losses inner join rates using (problem, grain, period, who)),

describe_the_periods as (
    select
        problem,
        grain,
        period,
        period_end,
        count(*) as rows_scored,
        cast(count_if(not is_known) as double) / count(*) as unknown_share,
        cast(count_if(bin_rows < {{ limits.fewest_in_bin }}) as double) / count(*) as unverified_share,
        -- a label that never comes must not keep a period open for ever
        count(label) >= 0.99 * count(*) as is_verified,
        max(label_known_at) as verified_at,
        count(label) as rows_labelled,
        count_if(label) as positives
    from expected_labels
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
from describe_the_periods as periods
inner join measure as expected
    on expected.problem = periods.problem and expected.grain = periods.grain and expected.period = periods.period
    and expected.who = 'expected'
left join measure as realised
    on realised.problem = periods.problem and realised.grain = periods.grain and realised.period = periods.period
    and realised.who = 'realised'
{{ "union all" if not loop.last }}
{% endfor %}
