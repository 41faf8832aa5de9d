"""Retraining: a challenger is trained, and the same run lets it be judged."""

from __future__ import annotations

from prefect import flow

from flows.steps.step import call
from flows.training import training
from flows.validation import validation


@flow(name="retraining")
def retraining(problem: str) -> str:
    """Train a challenger as of the clock, judge it, promote it when the verdict says so; returns the decision."""
    return call(validation, problem, call(training, problem))
