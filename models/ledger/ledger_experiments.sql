-- One row per experiment that was run, whatever became of it, and per walk-forward run of a baseline that others were held against.
{{ ledger_rows() }}
