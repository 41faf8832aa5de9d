"""The tables that Python reads or appends: ledger, registry, shadows, problems and their rows, the clock, what is due."""
