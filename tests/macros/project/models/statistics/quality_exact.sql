-- One row per case: exact quality of scores.
{{ binary_quality('labelled', ['case_id']) }}
