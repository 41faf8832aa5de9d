-- One row per distinct (case_id, k, as_of) of the spine: trailing sums over facts that later versions correct.
with states as ({{ corrected_before('spine', 'facts', ['case_id', 'k'], fact=['case_id', 'event_at'], order_by=['x', 's', 'k']) }}),
corrected as ({{ as_corrected('states', 'facts', ['case_id', 'k'], fact=['case_id', 'event_at'], order_by=['x', 's', 'k']) }}),
answer as ({{ aggregate_before('states', 'corrected', ['case_id', 'k', 'pit_state'], {'3h': '3 hours', '2d': '2 days'}, {
    'n': 'count', 'n_x': ['count', 'x'], 'n_big': ['count_if', 'x > 2'], 'big': ['share', 'x > 2'],
    'total': ['sum', 'x'], 'mean': ['mean', 'x', 'bigint'], 'sd': ['stddev', 'x']
}) }})
select {{ all_but('answer', ['pit_state']) }} from answer
