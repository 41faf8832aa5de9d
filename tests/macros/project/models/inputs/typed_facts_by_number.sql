-- One row per nothing: facts whose key has another type than the spine's.
select 1 as k, timestamp '2020-01-01' as event_at, timestamp '2020-01-01' as known_at, 1 as x where false
