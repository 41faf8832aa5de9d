-- One row per distinct (case_id, k, as_of) of the spine.
{{ asof.aggregate_before('spine', 'facts', ['case_id', 'k'], {'3h': '3 hours', '2d': '2 days'}, {
    'n': 'count', 'n_x': ['count', 'x'], 'n_big': ['count_if', 'x > 2'], 'big': ['share', 'x > 2'],
    'total': ['sum', 'x'], 'mean': ['mean', 'x', 'bigint'], 'sd': ['stddev', 'x'], 'lo': ['min', 'x'], 'hi': ['max', 's'],
    'age': 'time_since', 'newest': ['time_since', 'event_at'], 'opening': ['first', 'x'], 'latest': ['last', 's'],
    'whole': ['total', 'x'], 'kinds': ['distinct', 's']
}) }}
