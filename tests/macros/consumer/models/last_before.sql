-- One row per distinct (case_id, k, as_of) of the spine.
{{ asof.last_before('spine', 'facts', ['case_id', 'k'], ['x', 's'], order_by='event_at', last_known_at='seen_at') }}
