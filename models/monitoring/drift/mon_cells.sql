-- One row per problem, model version, feature and cell of its profile: what the cell holds, and how much of training it held.
{{ config(materialized='append_only') }}

with model_versions as (
    select * from {{ ref('ledger_model_versions') }}
    {% if is_incremental() %}where model_version not in (select model_version from {{ this }}){% endif %}
),

trained as (
    select problem, model_version, feature, cell, sum(rows) as rows
    from {{ ref('ledger_profiles') }}
    where stage = 'training'
    group by all
),

cells_as_described as (
    {{ cells_of_edges('model_versions') }}
),

cells_with_training_rows as (
    select described.*, coalesce(trained.rows, 0) as rows_trained
    from cells_as_described as described
    left join trained using (problem, model_version, feature, cell)
),

cumulated_cells as (
    select
        *,
        sum(case when kind in ('inside', 'level') then rows_trained else 0 end) over (partition by problem, model_version, feature order by cell) as so_far,
        sum(case when kind in ('inside', 'level') then rows_trained else 0 end) over (partition by problem, model_version, feature) as all_rows
    from cells_with_training_rows
)

select
    problem,
    model_version,
    feature,
    cell,
    kind,
    low,
    high,
    name,
    -- a cell stands at its least value, which is exact where each value has a cell; what is below at the end of the range
    case when kind in ('below', 'inside', 'above') then coalesce(low, high) end as place,
    cast(rows_trained as bigint) as rows_trained,
    -- PSI is read over groups: each holds at least a twentieth of the training rows, or is special
    case kind
        when 'missing' then -3
        when 'unseen' then -2
        when 'below' then -1
        when 'above' then 21
        else greatest(coalesce({{ quantile_group('rows_trained', 'so_far', 'nullif(all_rows, 0)', 20) }}, 0), 0)
    end as cell_group
from cumulated_cells
