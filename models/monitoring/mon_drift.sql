-- One row per problem, model version, feature and week of serving: how far the served rows are from the training rows.
{{ config(materialized='incremental', incremental_strategy='delete+insert', on_schema_change='append_new_columns', unique_key=['problem', 'week']) }}
{#- a version without cells has no drift -#}
{%- set has_cells = "(problem, model_version) in (select problem, model_version from " ~ ref('mon_cells') ~ " where feature = 'label')" %}
{%- set changed = oldest_change(
    labels_by_period("cast(date_trunc('week', day) as date)", has_cells),
    "select problem, week as period, sum(rows_served) as labels, sum(round(rows_served * mean)) as positives from " ~ this ~ " where feature = 'label' group by all",
) %}
with cells as (select * from {{ ref('mon_cells') }}),

counts as (
    select problem, model_version, feature, cell, rows, cast(date_trunc('week', day) as date) as week
    from {{ ref('mon_profiles') }}
    where {{ open_days('day', column='week', before=7, changed=changed) }}
),

compare as (
    {{ drift_by_period('counts', 'cells', period='week', days=7, step=7) }}
)

select * from compare
where {{ open_days('week', changed=changed) }}
