-- One row per score that a version gave in the shadow; no mart and no monitor reads it.
{{ ledger_rows() }}
