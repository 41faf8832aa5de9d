{#- What `oldest_change` compares of training sets: labels by problem and day, and their cells of a data profile added up, so that a
    label that flips is seen. A query.
    cells  how many a grid has -#}
{% macro training_labels_by_day(cells) -%}
    {%- for problem in var('problems') %}
    {%- set label = declared_columns(problem, 'label')[0] %}
    select
        '{{ problem }}' as problem,
        cast({{ declared_columns(problem, 'as_of')[0] }} as date) as period,
        count(*) as labels,
        sum(coalesce({{ grid_cell('cast(' ~ label ~ ' as double)', 'low', 'high', cells) }}, 0)) as positives
    from {{ ref(problem ~ '__training_set') }}
    cross join (select max(low) as low, max(high) as high from {{ ref('mon_data_grids') }} where problem = '{{ problem }}' and feature = 'label') as grid
    group by all
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
