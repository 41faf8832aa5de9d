-- One row per problem, model version, day and feature that was given as a reason: in what share of the explained rows.
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['problem', 'model_version', 'day']) }}

with explained as (
    {% for problem in var('problems') -%}
    select '{{ problem }}' as problem, model_version, cast(as_of as date) as day, reasons
    from {{ ref(problem ~ '__predictions') }}
    where reasons is not null and {{ open_days('as_of', column='day') }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

totals as (
    select problem, model_version, day, count(*) as rows_explained from explained group by all
),

-- A reason reads `feature=value (+0.8)`, and reasons are parted by `; `.
name_the_features as (
    {{ split_rows('explained', 'reasons', '; ', 'reason') }}
),

count_by_feature as (
    select problem, model_version, day, split_part(reason, '=', 1) as feature, count(*) as rows
    from name_the_features
    where reason <> ''
    group by all
)

select
    problem,
    model_version,
    day,
    feature,
    rows,
    rows_explained,
    cast(rows as double) / rows_explained as share
from count_by_feature
inner join totals using (problem, model_version, day)
