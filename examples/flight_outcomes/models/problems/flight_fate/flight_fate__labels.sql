-- One row per row of the cohort whose fate is known, and version of its label: as observed, and after each correction.
with cohort as (select * from {{ ref('flight_fate__cohort') }}),

outcomes as (select * from {{ ref('int_flights__outcomes') }}),

observed as (
    select
        cohort.flight_id,
        cohort.as_of,
        case when outcomes.fate <> 'arrived' then outcomes.fate when outcomes.arr_delay >= 15 then 'late' else 'on_time' end as fate,
        outcomes.known_at as label_known_at
    from cohort
    inner join outcomes using (flight_id)
),

versions as (
    {{ label_versions('observed', 'flight_fate', entity='flight_id', label='fate') }}
)

select * from versions
