"""Faults put into real rows, and how soon somebody notices: pure functions on Arrow and NumPy."""
