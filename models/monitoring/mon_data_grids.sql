-- One row per problem and number of its training set: the grid of its data profile, laid over its first four weeks, for good.
{{ config(materialized='incremental', incremental_strategy='append') }}

with there as (
    {% if is_incremental() -%} select problem, feature from {{ this }}
    {%- else -%} select cast(null as varchar) as problem, cast(null as varchar) as feature where false {%- endif %}
),
{% for problem in var('problems') %}
{%- set training_set, as_of = ref(problem ~ '__training_set'), declared_columns(problem, 'as_of')[0] %}
-- once every number has its grid, nothing is read again
{{ problem }}_rows as (
    select * from {{ training_set }}
    where
        {{ as_of }} < (select min({{ as_of }}) + interval 28 days from {{ training_set }})
        and {{ built_rows("problem = '" ~ problem ~ "'") }} < {{ declared_kinds(problem).values() | map('last') | select('equalto', 'number') | list | length }}
),
{% endfor %}
ranges as (
    {% for problem in var('problems') -%}
    {%- for column, (feature, kind) in declared_kinds(problem).items() if kind == 'number' -%}
    select
        '{{ problem }}' as problem,
        '{{ feature }}' as feature,
        quantile_cont(cast({{ column }} as double), 0.005) as low,
        quantile_cont(cast({{ column }} as double), 0.995) as high
    from {{ problem }}_rows
    union all
    {% endfor -%}
    {%- endfor %}
    select cast(null as varchar), cast(null as varchar), cast(null as double), cast(null as double) where false
)

-- Twice its width is added on either side: the first weeks are one season, and summer has to fall in cells too.
select
    problem,
    feature,
    low - 2 * (high - low) as low,
    high + 2 * (high - low) as high
from ranges
anti join there using (problem, feature)
-- a column without a value in those weeks has no grid, and all of its numbers are one cell
where low is not null
