-- One row per change of what is known of a landed file.
{{ ledger_rows() }}
