-- One row per distinct as_of of the spine: a macro without a key.
{{ aggregate_before('spine', 'facts', [], {'1d': '1 day', '2d': '2 days'}, {
    'n': 'count', 'mean': ['mean', 'x', 'bigint']
}, where='x > 0') }}
