"""The verbs of `python -m flows`, a module per phase; each is one flow or one step of it, and ends with one clear line."""
