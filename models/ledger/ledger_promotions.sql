-- One row per change of champion.
{{ ledger_rows() }}
