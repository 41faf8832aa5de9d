"""The whole life of a problem: history lands, a first model is judged, then days pass and challengers come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from prefect import flow

from flows.data import data
from flows.monitoring import monitoring
from flows.serving import serving
from flows.steps import clock, registry
from flows.steps.calendar import turned
from flows.steps.landing_zone import beginning
from flows.steps.step import call
from flows.training import training
from flows.validation import validation

Watch = Callable[[str, datetime], None]


@flow(name="lifecycle")
def lifecycle(
    problem: str, until: datetime, history: datetime | None = None, step: str = "day", watch: Watch | None = None
) -> datetime:
    """Live until `until`: before `history` files come in months and nothing is scored, after it step by step.

    Once a week the monitors are read, reports written, contracts verified and marts published; at the turn of a month a
    challenger is trained and judged, and with the week that follows every data test runs.
    `watch(what, clock)` is told what begins. Where the clock stands already, nothing is repeated. Returns the clock.
    """
    tell = watch or (lambda what, at: None)
    # A life that has begun goes on step by step: nothing of it is history any more.
    begun = clock.now() is not None and registry.champion(problem) is not None
    if history and not begun and (clock.now() or beginning()) < (history := min(history, until)):
        tell("history", history)
        call(data, history, "month")
    if registry.champion(problem) is None:
        challenge(problem, tell)
    for tick in clock.ticks(clock.now(), until, step):
        before = clock.now()
        tell("data", tick)
        call(data, tick, step)
        tell("serving", tick)
        if registry.champion(problem):
            call(serving, problem, publishing=False)
        if turned("month", before, tick):
            challenge(problem, tell)
        if turned("week", before, tick) or tick == until:
            tell("monitoring", tick)
            call(monitoring, tests=turned("month", before, tick) or tick == until)
            if registry.champion(problem):
                call(serving, problem)
    return clock.now()


def challenge(problem: str, tell: Watch) -> None:
    """Train a challenger and let it be judged."""
    tell("training", clock.now())
    version = call(training, problem)
    tell("validation", clock.now())
    call(validation, problem, version)
