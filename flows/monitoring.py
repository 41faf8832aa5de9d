"""Monitoring: the tables are tested, the monitors are read, and people are told."""

from __future__ import annotations

from prefect import flow

from flows.steps import artifacts, clock
from flows.steps.alerting import alerts
from flows.steps.building import test


@flow(name="monitoring")
def monitoring(tests: bool = True) -> int:
    """Run the data tests and read the monitors; returns the number of open alerts."""
    if tests:
        test(clock.now())
    found = alerts(clock.now())
    artifacts.alerts(found)
    return len(found)
