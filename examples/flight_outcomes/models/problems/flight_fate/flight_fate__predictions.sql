-- One row per scored flight, instant and model version.
{{ predictions('flight_fate') }}
