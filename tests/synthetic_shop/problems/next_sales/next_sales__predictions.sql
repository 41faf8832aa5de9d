-- One row per scored shop, instant and model version.
-- Python scores the rows of the scoring set and appends them: depends_on {{ ref('next_sales__scoring_set') }}
{{ config(materialized='append_only', full_refresh=false) }}
{{ ledger_rows() }}
