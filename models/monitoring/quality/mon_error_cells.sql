-- One row per prediction of the last quarter whose outcome is known, and feature of its problem: the cell it fell into.
{#- a quarter: older errors are of another season, and perhaps of another model -#}
{%- set days = 92 %}
with clock as (select * from {{ ref('stg_asof__clock') }}),

scored as (
    select * from {{ ref('mon_scored') }}
    where label is not null and as_of >= (select now - interval {{ days }} days from clock)
),

{% for problem in var('problems') -%}
{%- set entity, as_of = declared_column(problem, 'entity'), declared_column(problem, 'as_of') -%}
{%- set columns = declared_problem(problem).columns | selectattr('role', 'in', ['feature', 'slice']) | list -%}
{%- set numbers = columns | selectattr('data_type', 'in', ['tinyint', 'smallint', 'integer', 'bigint', 'float', 'real', 'double'])
    | map(attribute='name') | list -%}
{{ problem }}_rows as (
    select
        scored.problem, scored.task, scored.model_version, scored.entity_id, scored.as_of, scored.score, scored.flagged, scored.label
        {%- for column in columns %},
        features.{{ column.name }} as f_{{ column.name }}{% endfor %}
    from scored
    inner join {{ ref(problem ~ '__features') }} as features
        on scored.entity_id = cast(features.{{ entity }} as varchar) and features.{{ as_of }} = scored.as_of
    where scored.problem = '{{ problem }}'
),

-- Quarters of the rows: four cells of a number are few enough to hold many rows each, also in pairs.
{{ problem }}_edges as (
    select 0 as one
        {%- for name in numbers %},
        quantile_disc(f_{{ name }}, [0.25, 0.5, 0.75]) as e_{{ name }}{% endfor %}
    from {{ problem }}_rows
),

{{ problem }}_cells as (
    select
        problem, task, model_version, entity_id, as_of, score, flagged, label,
        unnest([
            {%- for column in columns %}
            {{ struct_literal({'feature': "'" ~ column.name ~ "'",
                'cell': quarter('f_' ~ column.name, 'e_' ~ column.name) if column.name in numbers
                    else "coalesce(cast(f_" ~ column.name ~ " as varchar), 'missing')"}) }}{{ ',' if not loop.last }}
            {%- endfor %}
        ]) as found
    from {{ problem }}_rows
    cross join {{ problem }}_edges
),

{% endfor -%}
cells_of_all_problems as (
    {{ no_rows({
        'problem': 'varchar', 'task': 'varchar', 'model_version': 'varchar', 'entity_id': 'varchar', 'as_of': 'timestamp', 'score': 'double',
        'flagged': 'boolean', 'label': 'boolean', 'feature': 'varchar', 'cell': 'varchar',
    }) }}
    {%- for problem in var('problems') %}
    union all
    select problem, task, model_version, entity_id, as_of, score, flagged, label, found.feature as feature, found.cell as cell
    from {{ problem }}_cells
    {%- endfor %}
)

select * from cells_of_all_problems
