"""Monitoring: the tables are tested, the monitors are read, people are told, and the reports are written."""

from __future__ import annotations

from prefect import flow

from flows.pages.report import reports
from flows.runtime import artifacts, flow_run
from flows.runtime.errors import explaining
from flows.steps.data.building import prepare, test, watch
from flows.steps.data.reconciling import reconcile
from flows.steps.monitoring.alerting.evaluating import alerts
from flows.steps.monitoring.alerting.failures import failures_reported
from flows.store import clock, problems


@flow(name="monitoring", timeout_seconds=3 * 3600)
@explaining
@failures_reported()
def monitoring(tests: bool = True, reporting: bool = True) -> int:
    """Count what landed, build and read the monitors, even if a data test fails, and write the reports.

    With `tests` all monitors and reports, else those that would say something new. Returns the number of alerts that stand.

    Args:
        tests: Run every data test, too, and look at everything.
        reporting: Write the reports.
    """
    flow_run.take_over()
    prepare()
    flow_run.named(at=clock.now())
    reconcile(clock.now())
    watch(clock.now(), tests)
    try:
        if tests:
            test(clock.now())
    finally:
        found = alerts(clock.now())
        artifacts.alerts(found)
        for problem in problems.declared() if reporting else ():
            if tests or reports.due(problem, clock.now()):
                artifacts.report(problem, reports.write(problem, clock.now(), thorough=tests))
    return len(found)
