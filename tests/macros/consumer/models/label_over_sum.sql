-- One row per distinct (case_id, k, as_of) of the spine.
{{ asof.label_over('spine', 'facts', ['case_id', 'k'], '2 days', 'sum(x)', "timestamp '2020-01-04 06:00'", delay='3 hours') }}
