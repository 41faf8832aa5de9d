-- One row per cell of a feature's histogram, in training or on one day of serving.
{{ ledger_rows() }}
