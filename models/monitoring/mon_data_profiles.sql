-- One row per problem, feature, day and cell of the rows whose label is known: a profile of the data, without any model.
{#- a day whose last label is withdrawn has no row that would take its place -#}
{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key=['problem', 'day'],
    post_hook="delete from {{ this }} where (problem, day) not in (select problem, period from ({{ training_labels_by_day(200) }}))"
) }}
{%- set cells = 200 %}
{%- set changed = oldest_change(
    training_labels_by_day(cells),
    "select problem, day as period, sum(rows) as labels, sum(rows * coalesce(cell, 0)) as positives from " ~ this ~ " where feature = 'label' group by all",
) %}

with grids as (select * from {{ ref('mon_data_grids') }}),
{% for problem in var('problems') %}
{%- set training_set, as_of = ref(problem ~ '__training_set'), declared_columns(problem, 'as_of')[0] %}
{{ problem }}_rows as (
    select *, cast({{ as_of }} as date) as day from {{ training_set }}
    where {{ open_days(as_of, column='day', changed=changed) }}
),
{% endfor %}
counted as (
    {% for problem in var('problems') -%}
    {%- for column, (feature, kind) in declared_kinds(problem).items() -%}
    select
        '{{ problem }}' as problem,
        '{{ feature }}' as feature,
        day,
        {% if kind == 'number' -%}
        {{ grid_cell('cast(' ~ column ~ ' as double)', 'low', 'high', cells) }} as cell,
        cast(null as varchar) as name,
        {%- else -%}
        cast(null as bigint) as cell,
        cast({{ column }} as varchar) as name,
        {%- endif %}
        count(*) as rows
    from {{ problem }}_rows
    {% if kind == 'number' -%}
    cross join (select max(low) as low, max(high) as high from grids where problem = '{{ problem }}' and feature = '{{ feature }}') as grid
    {%- endif %}
    group by all
    union all
    {% endfor -%}
    {%- endfor %}
    select cast(null as varchar), cast(null as varchar), cast(null as date), cast(null as bigint), cast(null as varchar), cast(0 as bigint) where false
)

select
    *,
    coalesce(cast(cell as varchar), name, 'missing') as cell_name,
    coalesce(cell in (-1, {{ cells }}), false) as is_outside
from counted
