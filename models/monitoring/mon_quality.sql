-- One row per problem, scorer (a model version, `champion` for whichever was in office, `rule`) and period: its live quality.
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['problem', 'scorer', 'grain', 'period']) }}
{%- set month, week = "cast(date_trunc('month', as_of) as date)", "cast(date_trunc('week', as_of) as date)" %}

with scored as (select * from {{ ref('mon_scored') }} where label is not null),

name_the_scorers as (
    select problem, 'champion' as scorer, as_of, label, score from scored
    union all
    select problem, 'rule', as_of, label, rule_score from scored
    union all
    select problem, model_version, as_of, label, score from scored
),

name_the_periods as (
    select problem, scorer, 'all' as grain, date '1970-01-01' as period, label, score from name_the_scorers
    union all
    select problem, scorer, 'month', {{ month }}, label, score from name_the_scorers where {{ open_days(month, column='period') }}
    union all
    select problem, scorer, 'week', {{ week }}, label, score from name_the_scorers where {{ open_days(week, column='period') }}
),

measure as (
    {{ binary_quality('name_the_periods', by=['problem', 'scorer', 'grain', 'period']) }}
)

select * from measure
