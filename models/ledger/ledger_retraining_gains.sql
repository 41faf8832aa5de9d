-- One row per fold and recipe: what newer data were worth to it.
{{ ledger_rows() }}
