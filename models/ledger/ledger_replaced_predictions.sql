-- One row per prediction that was replaced by a later model, as it was made.
{{ ledger_rows() }}
