-- One row per row of the cohort: what a model may see of it when it is scored.
{{ scoring_set('arrival_delay') }}
