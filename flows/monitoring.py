"""Monitoring: the tables are tested, the monitors are read, people are told, and the reports are written."""

from __future__ import annotations

from prefect import flow

from flows.steps import artifacts, clock, problems, reports
from flows.steps.alerting.evaluating import alerts
from flows.steps.building import test, watch


@flow(name="monitoring")
def monitoring(tests: bool = True, reporting: bool = True) -> int:
    """Build and read the monitors, even if a data test fails, and write the reports; returns the number of alerts that stand."""
    watch(clock.now())
    try:
        if tests:
            test(clock.now())
    finally:
        found = alerts(clock.now())
        artifacts.alerts(found)
        for problem in problems.names() if reporting else ():
            artifacts.report(problem, reports.write(problem, clock.now(), thorough=tests))
    return len(found)
