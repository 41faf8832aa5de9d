-- One row per given number: its cell among ten between -5 and 5.
select x, {{ grid_cell('x', '(-5)', 5, 10) }} as cell from given
