-- One row per purge and place that it removed rows of a person from.
{{ ledger_rows() }}
