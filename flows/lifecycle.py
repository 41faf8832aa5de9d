"""The whole life of a problem: history lands, a first model is judged, then days pass and challengers come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from prefect import flow

from flows.data import data
from flows.monitoring import monitoring
from flows.serving import serving
from flows.steps import clock, problems, registry
from flows.steps.calendar import turned
from flows.steps.due import due
from flows.steps.landing_zone import beginning
from flows.steps.step import call
from flows.training import training
from flows.validation import validation
from ml.retraining import turns

Watch = Callable[[str, datetime], None]


@flow(name="lifecycle")
def lifecycle(
    problem: str, until: datetime, history: datetime | None = None, step: str = "day", watch: Watch | None = None
) -> datetime:
    """Live until `until`: before `history` files come in months and nothing is scored, after it step by step.

    Each day a challenger is trained and judged where the declared schedule has its turn. Once a week the monitors are read,
    and a declared trigger may ask for a training, too. With the first week of a month reports are written, contracts verified and
    marts published; so they are at the end, where every data test runs as well.
    `watch(what, clock)` is told what begins. Where the clock stands already, nothing is repeated. Returns the clock.
    """
    tell = watch or (lambda what, at: None)
    # A life that has begun goes on step by step: nothing of it is history any more.
    begun = clock.now() is not None and registry.champion(problem) is not None
    if history and not begun and (clock.now() or beginning()) < (history := min(history, until)):
        tell("history", history)
        call(data, history, "month")
    if registry.champion(problem) is None:
        challenge(problem, tell, "there is no champion")
    policy, looked, shown = problems.get(problem).retraining, None, clock.now()
    for tick in clock.ticks(clock.now(), until, step):
        before = clock.now()
        tell("data", tick)
        call(data, tick, step)
        tell("serving", tick)
        if registry.champion(problem):
            call(serving, problem, publishing=False)
        if turned("day", before, tick) and calendar_turned(policy.cadence, looked, tick):
            if cause := due(problem, triggers=False):
                challenge(problem, tell, cause)
            looked = tick
        if turned("week", before, tick) or tick == until:
            tell("monitoring", tick)
            showing = turned("month", shown, tick) or tick == until
            call(monitoring, tests=tick == until, reporting=showing)
            if policy.triggers and (cause := due(problem)):
                challenge(problem, tell, cause)
            if showing and registry.champion(problem):
                call(serving, problem)
            shown = tick if showing else shown
    return clock.now()


def calendar_turned(cadence: str, looked: datetime | None, now: datetime) -> bool:
    """Whether `mon_retraining` may have another answer from the calendar than when it was last asked; a cheap look before it."""
    return looked is None or turns(cadence, looked) != turns(cadence, now)


def challenge(problem: str, tell: Watch, cause: str) -> None:
    """Train a challenger and let it be judged."""
    tell("training", clock.now())
    version = call(training, problem, cause)
    tell("validation", clock.now())
    call(validation, problem, version)
