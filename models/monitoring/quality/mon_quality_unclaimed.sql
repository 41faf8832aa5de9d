-- One row per problem of numbers or classes, grain and period: that of its declared metric nobody can say anything before labels are known.
-- How far numbers will turn out to be off, or how likely the true class was, no prediction claims: only whether its claim will hold.
{%- set why = {
    'regression': 'an interval says how often the truth lies inside, not how far off the prediction is: that is known with the label',
    'multiclass': 'a probability says how often the predicted class is right, not how wrong the others are: that is known with the label',
} %}
with expected as (select * from {{ ref('mon_quality_expected') }} where metric = 'positive_rate'),

declared_metrics as (
    {{ no_rows({'problem': 'varchar', 'declared': 'varchar', 'why': 'varchar'}) }}
    {%- for problem in problems_of(['regression', 'multiclass']) %}
    union all
    select '{{ problem }}', '{{ declared_problem(problem).metric }}', '{{ why[task_of(problem)] }}'
    {%- endfor %}
)

select
    problem,
    grain,
    period,
    period_end,
    declared as metric,
    'BLIND' as state,
    why as blind_because,
    cast(null as double) as estimate,
    cast(null as double) as low,
    cast(null as double) as high,
    cast(null as double) as realised,
    cast(null as timestamp) as verified_at,
    rows_scored,
    unknown_share,
    cast(0 as bigint) as periods_verified
from expected
inner join declared_metrics using (problem)
