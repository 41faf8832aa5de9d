-- One row per landed file.
{{ ledger_rows() }}
