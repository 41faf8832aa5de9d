-- One row per text: the reasons of `plants` in words.
select case_id, {{ reasons_in_words('plants', 'given_reasons.reasons') }} as words from given_reasons
