-- One row per number of degrees of freedom: the quantile.
select degrees, {{ student_quantile('degrees') }} as quantile from unnest(generate_series(1, 400)) as t(degrees)
