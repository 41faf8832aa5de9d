-- One row per judgement of a challenger.
{{ ledger_rows() }}
