-- One row per key and midnight: fifteen features, five measures over three windows. What the as-of joins look up.
{{ trailing_daily('facts', 'key', {'7d': '7 days', '28d': '28 days', '90d': '90 days'}, {
    'n': 'count', 'share': ['share', 'disrupted = 1'], 'arrival': ['mean', 'arr_delay', 'bigint'],
    'departure': ['mean', 'dep_delay', 'bigint'], 'spread': ['stddev', 'arr_delay', 'bigint']
}, until='(select max(known_at) from facts)') }}
