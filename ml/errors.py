"""The one error that people are meant to read."""


class AsofError(ValueError):
    """Something a person can mend: one line that names the file, row, column or key, and what to do."""
