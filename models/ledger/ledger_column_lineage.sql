-- One row per column of a problem's features and model that it is computed from.
{{ ledger_rows() }}
