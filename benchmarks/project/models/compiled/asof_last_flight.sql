-- One row per flight: what was known last about its aircraft, to the instant.
with last_flight as (
    {{ last_before('spine', 'facts', 'key', ['arr_delay', 'dep_delay', 'distance', 'disrupted'], order_by='flight_row') }}
)

select spine.flight_row, last_flight.* exclude (key, as_of)
from spine
left join last_flight on spine.key = last_flight.key and spine.as_of = last_flight.as_of
