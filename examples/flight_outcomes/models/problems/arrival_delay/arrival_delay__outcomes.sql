-- One row per prediction, in the form that monitors of any problem read, with its outcome once that is known.
{{ outcomes('arrival_delay', entity='flight_id', label='arrival_delay_minutes') }}
