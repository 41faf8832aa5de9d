-- One row per scored flight, instant and model version.
-- Python scores the rows of the scoring set and appends them: depends_on {{ ref('flight_disruption__scoring_set') }}
{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false, on_schema_change='fail') }}
{{ ledger_rows() }}
