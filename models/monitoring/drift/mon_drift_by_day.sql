-- One row per problem, model version, feature and day of serving: how far the served rows are from training and the week before.
{{ config(materialized='incremental', incremental_strategy='delete+insert', on_schema_change='append_new_columns', unique_key=['problem', 'day']) }}
{%- set changed = oldest_drift_change('day', 'day') %}
with cells as (select * from {{ ref('mon_cells') }}),

counts as (
    select * from {{ ref('mon_profiles') }}
    where {{ open_days('day', before=7, changed=changed) }}
),

drift as (
    {{ drift_by_period('counts', 'cells', period='day', days=7, step=1) }}
)

select * from drift
where {{ open_days('day', changed=changed) }}
