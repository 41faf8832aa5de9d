-- One row per distinct (case_id, k, as_of) of the spine.
{{ asof.valid_before('spine', 'facts', ['case_id', 'k'], ['x', 's'], valid_from='event_at', valid_to='ends_at') }}
