-- One row per scored flight, instant and model version.
{{ predictions('arrival_delay') }}
