"""Monitoring: the tables are tested, the monitors are read, and people are told."""

from __future__ import annotations

from prefect import flow

from flows.steps import artifacts, clock
from flows.steps.alerting import alerts
from flows.steps.building import test, watch


@flow(name="monitoring")
def monitoring(tests: bool = True) -> int:
    """Build the monitors, run the data tests and read the alerts; returns the number of open ones."""
    watch(clock.now())
    if tests:
        test(clock.now())
    found = alerts(clock.now())
    artifacts.alerts(found)
    return len(found)
