-- One row per distinct (case_id, k, as_of) of the spine.
{{ asof.aggregate_ahead('spine', 'facts', ['case_id', 'k'], {'3h': '3 hours', '2d': '2 days'}, {
    'n': 'count', 'total': ['sum', 'x'], 'next_at': ['min', 'event_at']
}) }}
