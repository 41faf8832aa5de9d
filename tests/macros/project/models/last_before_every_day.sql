-- One row per distinct key and last midnight before an as_of of the spine.
{{ last_before('spine', 'facts', ['case_id', 'k'], ['x', 's'], order_by='event_at', last_known_at='seen_at', every='day') }}
