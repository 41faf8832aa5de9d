-- One row per problem, model version, day and feature that was given as a reason: in what share of the explained rows.
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['problem', 'model_version', 'day']) }}

with explained as (
    {{ no_rows({'problem': 'varchar', 'model_version': 'varchar', 'day': 'date', 'reasons': 'varchar'}) }}
    {%- for problem in var('problems') %}
    union all
    select '{{ problem }}' as problem, model_version, cast(as_of as date) as day, reasons
    from {{ ref(problem ~ '__predictions') }}
    where reasons is not null and {{ open_days('as_of', column='day') }}
    {%- endfor %}
),

totals as (
    select problem, model_version, day, count(*) as rows_explained from explained group by all
),

reasons_one_by_one as (
    select problem, model_version, day, unnest({{ split_reasons('reasons') }}) as reason from explained
),

counts_by_feature as (
    select problem, model_version, day, reason['feature'] as feature, count(*) as rows from reasons_one_by_one group by all
)

select
    problem,
    model_version,
    day,
    feature,
    rows,
    rows_explained,
    cast(rows as double) / rows_explained as share
from counts_by_feature
inner join totals using (problem, model_version, day)
