-- One row per row of the cohort whose outcome is known, and version of its label.
with cohort as (select * from {{ ref('household_lapse__cohort') }}),

baskets as (select *, known_at as event_at from {{ ref('int_groceries__baskets') }}),

clock as (select * from {{ ref('stg_asof__clock') }}),

look_two_weeks_ahead as (
    {{ label_within('cohort', 'baskets', on=['household_id'], horizon='14 days', now='(select now from clock)') }}
),

observed as (
    select household_id, as_of, label = 0 as lapses, label_known_at
    from look_two_weeks_ahead
    where label is not null
),

versions as (
    {{ label_versions('observed', 'household_lapse', entity='household_id', label='lapses') }}
)

select * from versions
