-- One row per row of the cohort that arrived, and version of its label: features, label, when that was known.
{{ training_set('arrival_delay', entity='flight_id', label='arrival_delay_minutes') }}
