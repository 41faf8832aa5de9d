-- One row per look at a version in the shadow when another day was settled.
{{ ledger_rows() }}
