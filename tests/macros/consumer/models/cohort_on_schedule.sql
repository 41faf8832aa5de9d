-- One row per (case_id, k) and as_of of the schedule.
{{ asof.cohort_on_schedule('facts', ['case_id', 'k'], '12 hours', "timestamp '2020-01-01'", "timestamp '2020-01-05'",
                      at_least=2, active_within='1 day') }}
