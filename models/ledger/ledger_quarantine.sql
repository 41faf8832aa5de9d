-- One row per line that was received and not loaded.
{{ ledger_rows() }}
