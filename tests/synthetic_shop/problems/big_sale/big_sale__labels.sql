-- One row per row of the cohort whose outcome is known, and version of its label.
with cohort as (select * from {{ ref('big_sale__cohort') }}),

visits as (select *, known_at as event_at from {{ ref('stg_shop__visits') }}),

clock as (select * from {{ ref('stg_asof__clock') }}),

look_a_day_ahead as (
    {{ label_within('cohort', 'visits', on=['shop'], event_at='event_at', horizon='1 day',
        delay='1 hour', where="spent > 60", now='(select now from clock)') }}
),

observed as (
    select shop, as_of, label = 1 as sells, label_known_at
    from look_a_day_ahead
    where label is not null
),

versions as (
    {{ label_versions('observed', 'big_sale', entity='shop', label='sells') }}
)

select * from versions
