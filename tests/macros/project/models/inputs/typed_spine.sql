-- One row per nothing: the columns that the checks of bad arguments look up.
select 1 as case_id, 'a' as k, 1 as number_k, timestamp '2020-01-01' as as_of where false
