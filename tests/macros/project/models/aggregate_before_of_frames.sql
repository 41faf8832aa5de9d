-- One row per distinct (case_id, k, as_of) of the spine: what cannot be taken away when a fact leaves.
{{ aggregate_before('spine', 'facts', ['case_id', 'k'], {'3h': '3 hours', '2d': '2 days'}, {
    'lo': ['min', 'x'], 'hi': ['max', 's'], 'age': 'time_since', 'newest': ['time_since', 'event_at'], 'opening': ['first', 'x'],
    'latest': ['last', 's']
}) }}
