"""Retraining: where one is due, a challenger is trained, and the same run lets it be judged."""

from __future__ import annotations

from datetime import datetime

from prefect import flow

from flows.runtime import flow_run
from flows.runtime.errors import explaining
from flows.runtime.step import call, each
from flows.steps.data.building import complete
from flows.steps.monitoring.alerting.failures import failures_reported
from flows.steps.training import causes
from flows.store import clock, ledger, problems, registry
from flows.store import due as dues
from flows.store.problems import ProblemName
from flows.training import training
from flows.validation import follow, validation

# What the flow returns when there is nothing to do; a decision of the gates otherwise.
NOT_DUE = "not due"


@flow(name="retraining", timeout_seconds=6 * 3600)
@explaining
@failures_reported()
def retraining(problem: ProblemName | None = None, cause: str | None = None) -> dict[str, str]:
    """Train a challenger of a problem, by default of each, judge it, promote it when the verdict says so.

    Returns the decision by problem.

    Does nothing where the declared policy has nothing due, unless a `cause` is given. The cause stands with the version. A first
    training is due once a label is known. Turns of the calendar that were missed have their trainings first, each as of its own.
    A version whose judging was cut off is judged first: a failure must not cost it the turn of the calendar.

    Args:
        problem: The problem to train; all of them by default.
        cause: Why, where nothing is due; it is kept with the version.
    """
    flow_run.take_over()
    flow_run.named(problem, clock.now())
    names = problems.chosen(problem)
    complete(names)
    return each(names, lambda name: _retrained(name, cause))


def _retrained(problem: str, cause: str | None) -> str:
    if cause is None and (waiting := registry.unjudged(problem)):
        return call(validation, problem, waiting)
    decision = NOT_DUE
    for tick in dues.missed(problem) if cause is None else ():
        decision = call(look, problem, tick)
    if decision == NOT_DUE:
        decision = call(triggered, problem, clock.now(), cause)
    return decision


@flow(name="look", timeout_seconds=6 * 3600)
@explaining
@failures_reported()
def look(problem: str, at: datetime) -> str:
    """Look whether the calendar asks for a training as of an instant, and do it; returns the decision.

    The look is a run of its own: it is done when the challenger is judged. Where it was cut off it goes on.
    """
    flow_run.named(problem, at)
    with ledger.run("retraining", at, problem) as run:
        decision, run.message = _answered(problem, at, causes.by_calendar(problem, at))
    return decision


@flow(name="triggers", timeout_seconds=6 * 3600)
@explaining
@failures_reported()
def triggered(problem: str, at: datetime, cause: str | None = None) -> str:
    """Train and judge a challenger for a `cause`, by default what `mon_retraining` says is due; returns the decision."""
    flow_run.named(problem, at)
    with ledger.run("triggers", at, problem) as run:
        if cause:
            decision = run.message = challenge(problem, at, cause)
        else:
            decision, run.message = _answered(problem, at, causes.due(problem))
    return decision


def _answered(problem: str, at: datetime, cause: str | None) -> tuple[str, str]:
    """The decision on a challenger that nobody asked for, and what the look says: what holds its training, where something does.

    A training that must fail because rows are missing is not begun: it would fail at each look until they are there.
    """
    held = cause and not registry.trained(problem, at) and causes.lacking(problem, at)
    decision = NOT_DUE if held else challenge(problem, at, cause)
    return decision, (decision == NOT_DUE and (held or causes.held(problem, at))) or decision


def challenge(problem: str, at: datetime, cause: str | None) -> str:
    """The decision on the challenger as of an instant: trained where there is a cause and none was yet, judged where none did."""
    version = registry.trained(problem, at) or (cause and call(training, problem, cause, at))
    if not version:
        return NOT_DUE
    decision = registry.decision(problem, version)
    if decision:
        follow(problem, version, decision, at)  # the run that judged it may have died before
    return decision or call(validation, problem, version, at)
