-- One row per flight: its route's daily row, and what was known last about its aircraft within 28 days.
with cohort as (
    select flight_row, route, tail, as_of from flights where {{ new_instants() }}
),

routes as (
    select * from {{ ref('day_routes') }} where {{ within_reach('known_at', '29 days') }}
),

facts as (
    select tail, known_at, arr_delay, dep_delay, flight_row from flights where {{ within_reach('known_at', '29 days') }}
),

last_flight as (
    {{ last_before('cohort', 'facts', 'tail', ['arr_delay', 'dep_delay'], order_by='flight_row', last_known_at='flown_at') }}
)

select cohort.flight_row, cohort.as_of, routes.* exclude (route, known_at),
    case when last_flight.flown_at >= cohort.as_of - interval '28 days' then last_flight.arr_delay end as last_arr_delay,
    case when last_flight.flown_at >= cohort.as_of - interval '28 days' then last_flight.dep_delay end as last_dep_delay
from cohort
left join routes on cohort.route = routes.route and {{ last_midnight_before('cohort.as_of') }} = routes.known_at
left join last_flight on cohort.tail = last_flight.tail and cohort.as_of = last_flight.as_of
