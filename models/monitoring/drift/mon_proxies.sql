-- One row per problem, model version and day: what the predictions look like, before and after their labels are known.
{{ config(materialized='incremental', incremental_strategy='delete+insert', on_schema_change='append_new_columns', unique_key=['problem', 'model_version', 'day']) }}
{%- set changed = oldest_change(
    'select problem, cast(as_of as date) as period, count(label) as labels, count_if(label) as positives from ' ~ ref('mon_scored') ~ ' group by all',
    labels_by_period(relation=this),
) %}
with scored as (
    select *, cast(as_of as date) as day
    from {{ ref('mon_scored') }}
    where {{ open_days('as_of', column='day', changed=changed) }}
)

select
    problem,
    model_version,
    day,
    count(*) as rows,
    cast(count_if(flagged) as double) / count(*) as share_flagged,
    {{ exact_mean('score') }} as mean_score,
    stddev_pop(score order by score) as score_deviation,
    -- in bits: 1 where the model knows nothing, 0 where it is sure
    {{ exact_mean('-(score * ln(score) + (1 - score) * ln(1 - score)) / ln(2)') }} as entropy,
    {{ exact_mean('rule_score') }} as mean_rule_score,
    {{ exact_mean('abs(score - rule_score)') }} as distance_from_rule,
    cast(count(distinct coalesce(number, score)) as double) / count(*) as share_distinct,
    count(label) as rows_labelled,
    cast(count(label) as double) / count(*) as share_labelled,
    cast(count_if(label) as double) / nullif(count(label), 0) as label_rate,
    {{ exact_mean('case when label is not null then score end') }} as mean_score_labelled,
    median({{ seconds_between('as_of', 'label_known_at') }}) / 3600 as label_delay_hours,
    -- of predicted numbers, whose score is what their interval claims
    avg(number order by number) as mean_number,
    avg(number - rule_number order by number - rule_number) as number_above_rule,
    stddev_pop(number order by number) as number_deviation
from scored
group by all
