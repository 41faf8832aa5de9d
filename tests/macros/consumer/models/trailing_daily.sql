-- One row per (case_id, k) and midnight.
{{ asof.trailing_daily('facts', ['case_id', 'k'], {'1d': '1 day', '2d': '2 days'}, {
    'n': 'count', 'n_x': ['count', 'x'], 'n_big': ['count_if', 'x > 2'], 'big': ['share', 'x > 2'],
    'total': ['sum', 'x'], 'mean': ['mean', 'x', 'bigint'], 'sd': ['stddev', 'x'], 'lo': ['min', 'x'], 'hi': ['max', 's'],
    'age': 'time_since', 'newest': ['time_since', 'event_at'], 'opening': ['first', 'x'], 'latest': ['last', 's'],
    'whole': ['total', 'x']
}, "timestamp '2020-01-06 07:00'") }}
