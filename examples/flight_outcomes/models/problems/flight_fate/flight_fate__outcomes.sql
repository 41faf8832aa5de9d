-- One row per prediction, in the form that monitors of any problem read, with its outcome once that is known.
{{ outcomes('flight_fate', entity='flight_id', label='fate') }}
