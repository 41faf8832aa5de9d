"""A second reader of landed files, in plain Python, and a generator of files for both: neither DuckDB nor Arrow reads here."""
