-- One row per nothing: a problem of another kind, whose key is a number and whose features have no texts.
select 1 as plant_number
