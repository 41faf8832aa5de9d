-- One row per row of the cohort whose outcome is known: features, label, and when the label was known.
{{ training_set('household_lapse', entity='household_id', label='lapses') }}
