"""The report of a problem."""
