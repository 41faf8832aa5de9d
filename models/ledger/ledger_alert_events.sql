-- One row per thing that happened to an alert.
{{ ledger_rows() }}
