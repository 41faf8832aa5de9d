-- One row per row of the cohort whose outcome is known, and version of its label.
with cohort as (select * from {{ ref('next_sales__cohort') }}),

visits as (select *, known_at as event_at from {{ ref('stg_shop__visits') }}),

clock as (select * from {{ ref('stg_asof__clock') }}),

days_that_are_over as (
    select * from cohort where as_of + interval '25 hours' <= (select now from clock)
),

observed as (
    select
        days.shop,
        days.as_of,
        cast(coalesce(sum(visits.spent), 0) as double) as spent,
        days.as_of + interval '25 hours' as label_known_at
    from days_that_are_over as days
    left join visits
        on visits.shop = days.shop and visits.event_at >= days.as_of and visits.event_at < days.as_of + interval '1 day'
    group by days.shop, days.as_of
),

versions as (
    {{ label_versions('observed', 'next_sales', entity='shop', label='spent') }}
)

select * from versions
