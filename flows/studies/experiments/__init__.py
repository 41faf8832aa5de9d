"""Experiments: run in a process of their own inside a time box, compared, recorded, shown, accepted."""
