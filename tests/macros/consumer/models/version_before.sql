-- One row per distinct (case_id, k, as_of) of the spine.
{{ asof.version_before('spine', 'facts', ['case_id', 'k'], ['event_at', 'x', 's']) }}
