-- One row per look at the monitors, landing source and place where its rows must be.
{{ ledger_rows() }}
