-- One row per trained model.
{{ ledger_rows() }}
