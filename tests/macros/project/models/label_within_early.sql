-- One row per distinct (case_id, k, as_of) of the spine.
{{ label_within('spine', 'facts', ['case_id', 'k'], '2 days', "timestamp '2020-01-04 06:00'", delay='3 hours', early=true) }}
