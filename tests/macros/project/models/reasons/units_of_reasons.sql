-- One row: the units that SQL knows.
select {{ reason_units() | list | string }} as units
