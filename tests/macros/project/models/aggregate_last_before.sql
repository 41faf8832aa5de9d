-- One row per distinct (case_id, k, as_of) of the spine.
{{ aggregate_last_before('spine', 'facts', ['case_id', 'k'], {'last1': 1, 'last3': 3, 'ever': none}, {
    'n': 'count', 'total': ['sum', 'x'], 'mean': ['mean', 'x', 'bigint'], 'lo': ['min', 'x'], 'big': ['share', 'x > 2'],
    'age': 'time_since', 'span': 'time_since_first', 'kinds': ['distinct', 's']
}, order_by=['event_at', 'x', 's']) }}
