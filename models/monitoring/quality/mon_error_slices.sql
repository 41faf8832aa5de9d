-- One row per model version and slice, one or two features deep, that errs more or less than the rest.
{#- features that tell most by themselves are looked at in pairs, with the declared slices -#}
{%- set paired = 6 %}
{#- that any one slice is named by chance, over all that are looked at -#}
{%- set alpha = 0.05 %}
{%- set keys = 'problem, model_version' %}
with cells as (
    select
        *,
        cast(as_of as date) as day,
        case when {{ is_error() }} then 1.0 else 0.0 end as error,
        -ln(case when label then score else 1 - score end) as loss
    from {{ ref('mon_error_cells') }}
),

-- Every row has one cell of each feature, so one feature is enough to count them all.
total_by_day as (
    select {{ keys }}, day, count(*) as n, sum(error) as errors, sum(loss) as losses
    from cells
    where (problem, feature) in (select (problem, min(feature)) from cells group by problem)
    group by all
),

total as (
    select
        {{ keys }}, count(*) as days, sum(n) as n, sum(errors) as errors, sum(losses) as losses, sum(n * n) as nn,
        sum(n * errors) as ne, sum(errors * errors) as ee, sum(n * losses) as nl, sum(losses * losses) as ll
    from total_by_day
    group by all
),

single as (
    select
        {{ keys }}, feature as feature_1, cell as cell_1, cast(null as varchar) as feature_2, cast(null as varchar) as cell_2, day,
        count(*) as n, sum(error) as errors, sum(loss) as losses, sum(score) as scores, count_if(label) as positives
    from cells
    group by all
),

singles_compared as ({{ compared_with_the_rest('single', 'total', 'total_by_day') }}),

declared_slices as (
    {{ no_rows({'problem': 'varchar', 'feature': 'varchar'}) }}
    {%- for problem in var('problems') %}
    {%- for feature in declared_problem(problem).slices %}
    union all
    select '{{ problem }}' as problem, '{{ feature }}' as feature
    {%- endfor %}
    {%- endfor %}
),

features_for_pairs as (
    select {{ keys }}, feature_1 as feature
    from singles_compared
    group by {{ keys }}, feature_1
    qualify row_number() over (partition by {{ keys }} order by max(abs(difference) / nullif(se, 0)) desc, feature_1) <= {{ paired }}
    union
    select total.problem, total.model_version, feature from total inner join declared_slices using (problem)
),

cells_for_pairs as (select cells.* from cells inner join features_for_pairs using ({{ keys }}, feature)),

pairs as (
    select
        a.problem, a.model_version, a.feature as feature_1, a.cell as cell_1, b.feature as feature_2, b.cell as cell_2, a.day,
        count(*) as n, sum(a.error) as errors, sum(a.loss) as losses, sum(a.score) as scores, count_if(a.label) as positives
    from cells_for_pairs as a
    inner join cells_for_pairs as b
        on a.problem = b.problem and a.model_version = b.model_version and a.entity_id = b.entity_id and a.as_of = b.as_of
        and a.feature < b.feature
    group by all
),

slices_compared as (
    select * from singles_compared
    union all
    ({{ compared_with_the_rest('pairs', 'total', 'total_by_day') }})
),

-- As many slices as are looked at may be named by chance: the error is shared among them (Bonferroni).
slices_with_quantile as (
    select *, count(*) over one_model as slices_looked_at,
        {{ normal_quantile(alpha ~ ' / (2 * count(*) over one_model)') }} as z
    from slices_compared
    window one_model as (partition by {{ keys }})
)

select
    * exclude (z),
    difference - {{ student_reach('z', '(days - 1)') }} * se as low,
    difference + {{ student_reach('z', '(days - 1)') }} * se as high,
    loss_difference - {{ student_reach('z', '(days - 1)') }} * loss_se as loss_low,
    loss_difference + {{ student_reach('z', '(days - 1)') }} * loss_se as loss_high
from slices_with_quantile
