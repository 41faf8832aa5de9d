-- One row per gate of a verdict.
{{ ledger_rows() }}
