-- One row per text: the reasons of `spoken` in words, and what they were read as.
select case_id, {{ reasons_in_words('spoken') }} as words, {{ split_reasons('reasons') }} as parts from given_reasons
