"""The command line: `python -m flows VERB`, a module for each phase."""
