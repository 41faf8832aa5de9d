-- One row per problem, model version, day and feature: served rows that would be other ones today; `any feature` counts all rows.
with clock as (select cast(now as date) as today from {{ ref('stg_asof__clock') }}),

served as (
    select *, cast(as_of as date) as day
    from {{ ref('ledger_served') }}
    where as_of >= (select today - interval {{ var('monitors_stay_open_days') }} days from clock)
),

current_rows as (
    {{ no_rows({
        'problem': 'varchar', 'entity_id': 'varchar', 'as_of': 'timestamp', 'fingerprint_now': 'bigint', 'now_features': 'varchar',
        'names_now': 'varchar',
    }) }}
    {%- for problem in var('problems') %}
    {%- set entity, as_of = declared_columns(problem, 'entity')[0], declared_columns(problem, 'as_of')[0] -%}
    {%- set features = declared_columns(problem) %}
    union all
    select
        '{{ problem }}' as problem,
        {{ entity }} as entity_id,
        {{ as_of }} as as_of,
        {{ row_fingerprint(features) }} as fingerprint_now,
        {{ row_json(features) }} as now_features,
        '[{{ features | join(", ") }}]' as names_now
    from {{ ref(problem ~ '__scoring_set') }}
    where {{ as_of }} >= (select today - interval {{ var('monitors_stay_open_days') }} days from clock)
    {%- endfor %}
),

served_and_now as (
    select
        served.*,
        current_rows.now_features,
        served.features as served_features,
        now_features is null as is_gone,
        fingerprint is distinct from fingerprint_now as has_other_fingerprint,
        {{ json_names('served.features') }} = names_now as has_names_of_now
    from served
    left join current_rows using (problem, entity_id, as_of)
),

-- Which features a row was served with is known of the sample, and is the same for all rows of an instant; where the sample has none of
-- them, of the day or of the version.
served_and_now_with_names as (
    select
        *,
        coalesce(
            bool_and(has_names_of_now) over (partition by problem, model_version, as_of),
            bool_and(has_names_of_now) over (partition by problem, model_version, day),
            bool_and(has_names_of_now) over (partition by problem, model_version),
            true
        ) as is_of_the_same_features
    from served_and_now
),

other_rows_of_the_sample as (
    select * from served_and_now where has_other_fingerprint and served_features is not null and not is_gone
),

features_of_the_sample as (
    {{ json_pairs('other_rows_of_the_sample', 'served_features', 'now_features') }}
),

compared_features as (
    select
        *,
        served_features_has and now_features_has as is_comparable,
        served_features_has and now_features_has and served_features_value is distinct from now_features_value as differs
    from features_of_the_sample
),

-- Null where served and present features have none in common.
sampled_rows as (
    select problem, model_version, entity_id, as_of, bool_or(differs) filter (where is_comparable) as differs
    from compared_features
    group by all
),

-- A fingerprint is of one list of features: where that has changed since, the sample says whether what both have is the same.
compared_rows as (
    select
        served_and_now_with_names.*,
        case when not has_other_fingerprint then false when is_gone or is_of_the_same_features then true else sampled_rows.differs end as differs
    from served_and_now_with_names
    left join sampled_rows using (problem, model_version, entity_id, as_of)
),

differing_rows as (
    select
        problem, model_version, day, 'any feature' as feature,
        count(differs) as rows_compared,
        count(*) filter (where differs) as rows_differing,
        count(*) - count(differs) as rows_not_compared,
        min(entity_id) filter (where differs) as example, cast(null as varchar) as example_served, cast(null as varchar) as example_now
    from compared_rows
    group by all
),

-- The example is a row, not the least of each column: a value that is missing is shown as missing.
differing_features as (
    select
        problem, model_version, day, feature,
        sampled - count_if(not is_comparable) over by_feature as rows_compared,
        count_if(differs) over by_feature as rows_differing,
        count_if(not is_comparable) over by_feature as rows_not_compared,
        entity_id as example, served_features_value as example_served, now_features_value as example_now
    from compared_features
    inner join (
        select problem, model_version, day, count(served_features) as sampled from served_and_now group by all
    ) as sample_size using (problem, model_version, day)
    where differs or not is_comparable
    window by_feature as (partition by problem, model_version, day, feature)
    qualify row_number() over (partition by problem, model_version, day, feature order by differs desc, entity_id, as_of) = 1
)

select *, cast(rows_differing as double) / nullif(rows_compared, 0) as share
from (select * from differing_rows union all select * from differing_features) as found
