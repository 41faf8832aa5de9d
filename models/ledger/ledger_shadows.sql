-- One row per beginning or end of a version's time in the shadow.
{{ ledger_rows() }}
