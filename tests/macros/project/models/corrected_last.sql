-- One row per distinct (case_id, k, as_of) of the spine: the last so many facts, as later versions correct them.
with states as ({{ corrected_before('spine', 'facts', ['case_id', 'k'], fact=['case_id', 'event_at'], order_by=['x', 's', 'k']) }}),
corrected as ({{ as_corrected('states', 'facts', ['case_id', 'k'], fact=['case_id', 'event_at'], order_by=['x', 's', 'k']) }}),
answer as ({{ aggregate_last_before('states', 'corrected', ['case_id', 'k', 'pit_state'], {'last1': 1, 'last3': 3, 'ever': none}, {
    'n': 'count', 'total': ['sum', 'x'], 'mean': ['mean', 'x', 'bigint'], 'lo': ['min', 'x'], 'big': ['share', 'x > 2'],
    'age': 'time_since', 'span': 'time_since_first', 'kinds': ['distinct', 's']
}, order_by=['event_at', 'x', 's']) }})
select {{ all_but('answer', ['pit_state']) }} from answer
