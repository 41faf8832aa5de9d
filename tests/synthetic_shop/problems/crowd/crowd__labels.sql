-- One row per row of the cohort whose outcome is known, and version of its label.
with cohort as (select * from {{ ref('crowd__cohort') }}),

visits as (select *, known_at as event_at from {{ ref('stg_shop__visits') }}),

clock as (select * from {{ ref('stg_asof__clock') }}),

days_that_are_over as (
    select * from cohort where as_of + interval '25 hours' <= (select now from clock)
),

observed as (
    select
        days.shop,
        days.as_of,
        case when count(visits.visit_id) = 0 then 'quiet' when count(visits.visit_id) <= 3 then 'usual' else 'busy' end as crowd,
        days.as_of + interval '25 hours' as label_known_at
    from days_that_are_over as days
    left join visits
        on visits.shop = days.shop and visits.event_at >= days.as_of and visits.event_at < days.as_of + interval '1 day'
    group by days.shop, days.as_of
),

versions as (
    {{ label_versions('observed', 'crowd', entity='shop', label='crowd') }}
)

select * from versions
