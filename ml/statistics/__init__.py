"""Metrics, intervals, profiles: what is computed of scores and labels."""
