-- One row per row of the cohort that arrived, and version of its label: as observed, and after each correction.
with cohort as (select * from {{ ref('arrival_delay__cohort') }}),

outcomes as (select * from {{ ref('int_flights__outcomes') }}),

-- a flight that was cancelled or diverted has no delay: which those are is what flight_fate asks
observed as (
    select
        cohort.flight_id,
        cohort.as_of,
        cast(outcomes.arr_delay as double) as arrival_delay_minutes,
        outcomes.known_at as label_known_at
    from cohort
    inner join outcomes using (flight_id)
    where outcomes.arr_delay is not null
),

versions as (
    {{ label_versions('observed', 'arrival_delay', entity='flight_id', label='arrival_delay_minutes') }}
)

select * from versions
