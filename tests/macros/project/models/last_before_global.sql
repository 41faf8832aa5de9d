-- One row per distinct as_of of the spine: a macro without a key.
{{ last_before('spine', 'facts', [], {'y': 'x + 1', 's': 's'}, where='x is not null') }}
