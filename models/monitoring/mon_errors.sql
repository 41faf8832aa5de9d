-- One row per wrong decision that is among the worst of its model version: expensive, and confident.
{%- set limits = var('error_limits') %}
with scored as (select * from {{ ref('mon_scored') }} where label is not null),

costs as (
    {%- for problem in var('problems') %}
    {%- set costs = declared_problem(problem).get('costs', {}) %}
    select
        '{{ problem }}' as problem,
        cast({{ costs.get('false_positive', 1) }} as double) as false_positive,
        cast({{ costs.get('false_negative', 1) }} as double) as false_negative
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

price_the_errors as (
    select
        scored.*,
        case when flagged then 'false alarm' else 'missed' end as error,
        case when flagged then costs.false_positive else costs.false_negative end as cost,
        -ln(case when label then score else 1 - score end) as surprise
    from scored
    inner join costs using (problem)
    where flagged <> label
),

place as (
    select
        *,
        row_number() over (partition by problem, model_version order by cost * surprise desc, as_of, entity_id) as place
    from price_the_errors
)

select problem, model_version, place, entity_id, as_of, score, rule_score, flagged, label, error, cost, surprise
from place
where place <= {{ limits.kept }}
