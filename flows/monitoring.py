"""Monitoring: the tables are tested, the monitors are read, and people are told."""

from __future__ import annotations

from prefect import flow

from flows.steps import artifacts, clock
from flows.steps.alerting.evaluating import alerts
from flows.steps.building import test, watch


@flow(name="monitoring")
def monitoring(tests: bool = True) -> int:
    """Build and read the monitors, even if a data test fails; returns the number of alerts that are not closed."""
    watch(clock.now())
    try:
        if tests:
            test(clock.now())
    finally:
        found = alerts(clock.now())
        artifacts.alerts(found)
    return len(found)
