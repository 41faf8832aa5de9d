"""Alerts: findings of the monitors become alerts, and people are told through the channels that are declared."""
