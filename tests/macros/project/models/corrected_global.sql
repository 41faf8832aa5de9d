-- One row per distinct as_of of the spine: all facts together, as later versions correct them.
with states as ({{ corrected_before('spine', 'facts', [], fact=['case_id', 'event_at'], order_by=['x', 's', 'k']) }}),
corrected as ({{ as_corrected('states', 'facts', [], fact=['case_id', 'event_at'], order_by=['x', 's', 'k'], within='2 days') }}),
answer as ({{ aggregate_before('states', 'corrected', ['pit_state'], {'2d': '2 days'}, {'n': 'count', 'total': ['sum', 'x']}) }})
select as_of, n_2d, total_2d from answer
