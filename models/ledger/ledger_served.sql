-- One row per scored row: a fingerprint of what the model saw, and for a sample of entities all of it.
{{ ledger_rows() }}
