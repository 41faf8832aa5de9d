-- One row per row of the cohort whose outcome is known: features, label, and when the label was known.
{{ training_set('big_sale', entity='shop', label='sells') }}
