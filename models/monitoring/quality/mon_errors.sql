-- One row per wrong decision that is among the worst of its model version: expensive, and confident.
{#- of each model version: more than people look at, enough to see what they have in common -#}
{%- set kept = 50 %}
with scored as (select * from {{ ref('mon_scored') }} where label is not null),

costs as (
    {{ no_rows({'problem': 'varchar', 'false_positive': 'double', 'false_negative': 'double', 'under': 'double', 'over': 'double'}) }}
    {%- for problem in var('problems') %}
    {%- set costs = declared_problem(problem).costs or {} %}
    union all
    select
        '{{ problem }}' as problem,
        {%- for name in ['false_positive', 'false_negative', 'under', 'over'] %}
        cast({{ costs[name] if name in costs else 'null' }} as double) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    {%- endfor %}
),

class_costs as (
    {{ no_rows({'problem': 'varchar', 'outcome_class': 'varchar', 'missed': 'double'}) }}
    {%- for problem in problems_of(['multiclass']) %}
    {%- for class, cost in (declared_problem(problem).costs or {}).items() %}
    union all
    select '{{ problem }}' as problem, '{{ class }}' as outcome_class, cast({{ cost }} as double) as missed
    {%- endfor %}
    {%- endfor %}
),

priced_errors as (
    select
        scored.*,
        case
            when task = 'multiclass' then concat('was ', outcome_class)
            when task = 'regression' then case when outcome > number then 'more than its interval' else 'less than its interval' end
            when flagged then 'false alarm'
            else 'missed'
        end as error,
        -- where nothing is priced, one error is as dear as another, and a number as far as it is off
        case
            when task = 'multiclass' then coalesce(missed, 1)
            when task = 'regression' then case
                when outcome > number then coalesce(under, 1) * (outcome - number) else coalesce(over, 1) * (number - outcome)
            end
            when flagged then costs.false_positive
            else costs.false_negative
        end as cost,
        -ln(case when label then score else 1 - score end) as surprise
    from scored
    inner join costs using (problem)
    left join class_costs using (problem, outcome_class)
    where {{ is_error() }}
),

ranked_errors as (
    select
        *,
        row_number() over (partition by problem, model_version order by cost * surprise desc, as_of, entity_id) as place
    from priced_errors
)

select problem, model_version, place, entity_id, as_of, coalesce(number, score) as score, coalesce(rule_number, rule_score) as rule_score,
    flagged, label, error, cost, surprise
from ranked_errors
where place <= {{ kept }}
