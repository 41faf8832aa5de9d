"""Alerts, and whether a model is healthy."""
