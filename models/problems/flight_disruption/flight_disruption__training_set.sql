-- One row per row of the cohort whose outcome is known, and version of its label: features, label, when that was known.
{{ training_set('flight_disruption', entity='flight_id', label='is_disrupted') }}
