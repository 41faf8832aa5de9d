-- One row per finished run of a flow or a step.
{{ ledger_rows() }}
