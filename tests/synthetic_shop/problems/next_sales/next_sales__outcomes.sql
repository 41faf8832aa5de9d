-- One row per prediction, in the form that monitors of any problem read, with its outcome once that is known.
{{ outcomes('next_sales', entity='shop', label='spent') }}
