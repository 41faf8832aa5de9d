-- One row per distinct (case_id, k, as_of) of the spine: a label of facts as they were corrected by the time it is known.
with settled as (select case_id, k, as_of + interval '51 hours' as settled_at from spine),
states as ({{ corrected_before('settled', 'facts', ['case_id', 'k'], fact=['case_id', 'event_at'], order_by=['x', 's', 'k'], as_of='settled_at') }}),
corrected as ({{ as_corrected('states', 'facts', ['case_id', 'k'], fact=['case_id', 'event_at'], order_by=['x', 's', 'k'], as_of='settled_at') }}),
asked as (select case_id, k, pit_state, settled_at - interval '51 hours' as as_of from states),
answer as ({{ label_over('asked', 'corrected', ['case_id', 'k', 'pit_state'], '2 days', 'sum(x)', "timestamp '2020-01-04 06:00:00'",
    delay='3 hours') }})
select {{ all_but('answer', ['pit_state']) }} from answer
