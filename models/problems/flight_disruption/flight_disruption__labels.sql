-- One row per row of the cohort whose outcome is known, and version of its label: as observed, and after each correction.
with cohort as (select * from {{ ref('flight_disruption__cohort') }}),

outcomes as (select * from {{ ref('int_flights__outcomes') }}),

observed as (
    select
        cohort.flight_id,
        cohort.as_of,
        outcomes.disrupted as is_disrupted,
        outcomes.known_at as label_known_at
    from cohort
    inner join outcomes using (flight_id)
),

versions as (
    {{ label_versions('observed', 'flight_disruption', entity='flight_id', label='is_disrupted') }}
)

select
    versions.*,

    ---------- what other labels can be made of
    outcomes.fate,
    outcomes.arr_delay
from versions
inner join outcomes using (flight_id)
