-- One row per prediction, in the form that monitors of any problem read, with its outcome once that is known.
{{ outcomes('household_lapse', entity='household_id', label='lapses') }}
