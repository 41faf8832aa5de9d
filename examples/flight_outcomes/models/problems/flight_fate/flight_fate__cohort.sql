-- One row per scheduled flight, as of two hours before its scheduled departure: those of the flights' first problem.
select flight_id, as_of from {{ ref('flight_disruption__cohort') }}
