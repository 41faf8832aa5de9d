"""Retraining: where one is due, a challenger is trained, and the same run lets it be judged."""

from __future__ import annotations

from prefect import flow

from flows.steps import registry
from flows.steps.due import due
from flows.steps.step import call
from flows.training import training
from flows.validation import validation

# What the flow returns when there is nothing to do; a decision of the gates otherwise.
NOT_DUE = "not due"


@flow(name="retraining")
def retraining(problem: str, cause: str | None = None) -> str:
    """Train a challenger as of the clock, judge it, promote it when the verdict says so; returns the decision.

    Does nothing where the declared policy has nothing due, unless a `cause` is given. The cause stands with the version. A first
    training is due once a label is known.
    A version whose judging was cut off is judged first: a failure must not cost it the turn of the calendar.
    """
    if cause is None and (waiting := registry.unjudged(problem)):
        return call(validation, problem, waiting)
    if cause is None:
        cause = due(problem)
    if cause is None:
        return NOT_DUE
    return call(validation, problem, call(training, problem, cause))
