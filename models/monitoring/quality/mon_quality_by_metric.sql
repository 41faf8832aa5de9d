-- One row per problem of any task, scorer, period and metric: its live quality, with an interval over days.
{%- set of_binary = ['roc_auc', 'pr_auc', 'log_loss', 'brier', 'ece'] %}
{%- set better_when_higher = ['roc_auc', 'pr_auc', 'r2', 'macro_roc_auc', 'accuracy'] %}
with binary_quality as (select * from {{ ref('mon_quality') }}),

declared_metrics as (
    {{ no_rows({'problem': 'varchar', 'declared': 'varchar'}) }}
    {%- for problem in problems_of(['regression', 'multiclass']) %}
    union all
    select '{{ problem }}', '{{ declared_problem(problem).metric }}'
    {%- endfor %}
),

metrics as (
    {%- for metric in of_binary %}
    select problem, scorer, grain, period, last_day, '{{ metric }}' as metric, {{ metric }} as value, {{ metric }}_low as low, {{ metric }}_high as high,
        rows_labelled, clusters
    from binary_quality
    union all
    {%- endfor %}
    select
        numbers.problem, scorer, grain, period, last_day, case when metric = 'pinball' then declared else metric end as metric, value, low, high,
        rows_labelled, clusters
    from {{ ref('mon_quality_of_numbers') }} as numbers
    inner join declared_metrics using (problem)
    union all
    select problem, scorer, grain, period, last_day, metric, value, low, high, rows_labelled, clusters
    from {{ ref('mon_quality_of_classes') }}
)

select
    metrics.*,
    -- what weeks are held against the rule by: an area, which does not move with the share of positives, or the declared metric
    metric = coalesce(declared_metrics.declared, 'roc_auc') as is_compared,
    case when metric in ('{{ better_when_higher | join("', '") }}') then 1 when metric not like 'coverage%' then -1 end as better_when
from metrics
left join declared_metrics using (problem)
