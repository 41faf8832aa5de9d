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
        {{ row_json(features) }} as now_features
    from {{ ref(problem ~ '__scoring_set') }}
    where {{ as_of }} >= (select today - interval {{ var('monitors_stay_open_days') }} days from clock)
    {%- endfor %}
),

served_and_now as (
    select
        served.*,
        current_rows.now_features,
        served.features as served_features,
        fingerprint is distinct from fingerprint_now as differs
    from served
    left join current_rows using (problem, entity_id, as_of)
),

differing_rows as (
    select
        problem, model_version, day, 'any feature' as feature,
        count(*) as rows_compared,
        count_if(differs) as rows_differing,
        min(entity_id) filter (where differs) as example,
        cast(null as varchar) as example_served,
        cast(null as varchar) as example_now
    from served_and_now
    group by all
),

differing_in_the_sample as (
    select * from served_and_now where differs and served_features is not null and now_features is not null
),

features_of_the_sample as (
    {{ json_pairs('differing_in_the_sample', 'served_features', 'now_features') }}
),

sample_size as (
    select problem, model_version, day, count(*) as rows_compared from served_and_now where served_features is not null group by all
),

-- The example is a row, not the least of each column: a value that is missing is shown as missing.
differing_features as (
    select
        problem, model_version, day, feature,
        rows_compared,
        count(*) over by_feature as rows_differing,
        entity_id as example,
        served_features_value as example_served,
        now_features_value as example_now
    from features_of_the_sample
    inner join sample_size using (problem, model_version, day)
    where served_features_value is distinct from now_features_value
    window by_feature as (partition by problem, model_version, day, feature)
    qualify row_number() over (partition by problem, model_version, day, feature order by entity_id, as_of) = 1
)

select *, cast(rows_differing as double) / rows_compared as share from differing_rows
union all
select *, cast(rows_differing as double) / rows_compared as share from differing_features
