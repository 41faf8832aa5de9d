-- One row per problem, model version, feature and week of serving: how far the served rows are from the training rows.
{{ config(materialized='incremental', tags=['once_a_day'], incremental_strategy='delete+insert', on_schema_change='append_new_columns', unique_key=['problem', 'week']) }}
{%- set changed = oldest_drift_change('week', "cast(date_trunc('week', day) as date)") %}
with cells as (select * from {{ ref('mon_cells') }}),

counts as (
    select problem, model_version, feature, cell, rows, cast(date_trunc('week', day) as date) as week
    from {{ ref('mon_profiles') }}
    where {{ open_days('day', column='week', before=7, changed=changed) }}
),

drift as (
    {{ drift_by_period('counts', 'cells', period='week', days=7, step=7) }}
)

select * from drift
where {{ has_drift() }} and {{ open_days('week', changed=changed) }}
