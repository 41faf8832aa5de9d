-- One row per nothing: the columns that the checks of bad arguments look up.
select 1 as case_id, 'a' as k, timestamp '2020-01-01' as event_at, timestamp '2020-01-01' as known_at, 1 as x, 's' as s
where false
