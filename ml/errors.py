"""The one error that people are meant to read."""


class AsofError(ValueError):
    """Something a person can mend: one line that names the file, row, column or key, and what to do."""


class Refused(AsofError):
    """What cannot be done as it was asked, or not yet, although nothing is broken: other arguments, or more days, would do."""
