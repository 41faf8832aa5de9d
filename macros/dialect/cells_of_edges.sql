{#- One row per problem, model version, feature and cell of the profiles of `model_versions`: what each cell holds. A SELECT.

    relation  rows of `model_versions` with problem, model_version and edges, the JSON that ml/statistics/profile.py writes
    Returns   problem, model_version, feature, cell, kind (missing, unseen, below, inside, above, level), low, high (null where
              there is none), name (the level of a category, else null) -#}
{% macro cells_of_edges(relation) -%}{{ return(adapter.dispatch('cells_of_edges')(relation)) }}{%- endmacro %}

{% macro default__cells_of_edges(relation) -%}
    with specs as (
        select
            versions.problem,
            versions.model_version,
            spec.key as feature,
            from_json(json_extract(spec.value, '$.edges'), '["double"]') as edges,
            from_json(json_extract(spec.value, '$.levels'), '["varchar"]') as levels
        from {{ relation }} as versions
        cross join json_each(versions.edges) as spec
    ),
    cells as (
        select *, unnest(generate_series(0, case when levels is not null then len(levels) + 1 when len(edges) = 0 then 1 else len(edges) + 2 end)) as cell
        from specs
    )
    select
        problem,
        model_version,
        feature,
        cast(cell as integer) as cell,
        case
            when cell = 0 then 'missing'
            when levels is not null then if(cell = 1, 'unseen', 'level')
            when cell = 1 and len(edges) > 0 then 'below'
            when cell = len(edges) + 2 then 'above'
            else 'inside'
        end as kind,
        case when cell >= 2 then edges[least(cell - 1, len(edges))] end as low,
        case when cell between 1 and len(edges) + 1 then edges[least(cell, len(edges))] end as high,
        case when cell >= 2 then levels[cell - 1] end as name
    from cells
{%- endmacro %}
