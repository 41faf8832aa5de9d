-- One row per row of the cohort whose outcome is known.
with cohort as (select * from {{ ref('flight_disruption__cohort') }}),

outcomes as (select * from {{ ref('int_flights__outcomes') }})

select
    cohort.flight_id,
    cohort.as_of,
    outcomes.disrupted as is_disrupted,
    outcomes.known_at as label_known_at,

    ---------- what other labels can be made of
    outcomes.fate,
    outcomes.arr_delay
from cohort
inner join outcomes using (flight_id)
