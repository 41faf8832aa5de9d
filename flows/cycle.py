"""The cycle: what an hour brings goes all its way in one process, by the pipelines of its phases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from prefect import flow

from flows.data import data
from flows.monitoring import monitoring
from flows.retraining import retraining
from flows.runtime import flow_run
from flows.runtime.errors import explaining
from flows.runtime.step import call
from flows.serving import serving
from flows.steps.data.landing_zone import upcoming
from flows.steps.monitoring.alerting.failures import failures_reported
from flows.store import clock, ledger
from flows.store.problems import ProblemName
from ml.errors import AsofError
from ml.schedule.calendar import Instant, Step, whole_steps

# What a phase stands on. Where that has failed it waits; whoever watches is told all the same.
STANDS_ON = {"serving": "data", "retraining": "data"}
AGAIN = "what was done stays; do what this says, and `python -m flows cycle` goes on"


@flow(name="cycle", timeout_seconds=6 * 3600)
@explaining
@failures_reported()
def cycle(until: Instant | None = None, length: Step = "hour", problem: ProblemName | None = None) -> datetime:
    """Land and build what became known up to `until`, by default one hour, day or month further, score it and publish it, read
    the monitors, and train where that is due; returns the clock.

    A `problem` is served and trained alone, by default each is. Once more, or after a kill, it does what is left. AsofError names
    the phases that failed, once all that do not stand on them are done. Of late runs of Prefect one brings the hours of all.

    Args:
        until: Up to where, in UTC; by default one step further, or the present where no source has a feed.
        length: How far a step goes.
        problem: The problem to serve and train; all of them by default.
    """
    since, now = flow_run.take_over(), ledger.wall_clock()
    until = until or upcoming(length, 1 + whole_steps(length, since or now, now))
    flow_run.named(problem, until)
    return cycled(until, length, problem)


@explaining
def cycled(
    until: datetime | None = None,
    length: str = "hour",
    problem: str | None = None,
    watch: Callable[[str], None] = lambda phase: None,
) -> datetime:
    """What `cycle` does; `watch(phase)` is told what begins."""
    phases = {
        "data": lambda: call(data, until, length),
        "serving": lambda: call(serving, problem),
        "monitoring": lambda: call(monitoring, tests=False),
        "retraining": lambda: call(retraining, problem),
    }
    failed: dict[str, AsofError] = {}
    for phase, work in phases.items():
        if STANDS_ON.get(phase) in failed:
            continue
        watch(phase)
        try:
            work()
        except AsofError as error:
            failed[phase] = error
    if failed:
        raise AsofError(f"{', '.join(failed)} failed: {next(iter(failed.values()))}; {AGAIN}")
    return clock.now()
