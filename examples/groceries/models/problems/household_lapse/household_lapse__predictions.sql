-- One row per scored household, instant and model version.
{{ predictions('household_lapse') }}
