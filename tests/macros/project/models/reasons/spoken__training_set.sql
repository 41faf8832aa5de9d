-- One row per nothing: a feature of every unit, each with a text.
select 1 as one
