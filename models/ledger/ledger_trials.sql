-- One row per trial of a search.
{{ ledger_rows() }}
