-- One row per row of the cohort whose fate is known, and version of its label: features, label, when that was known.
{{ training_set('flight_fate', entity='flight_id', label='fate') }}
