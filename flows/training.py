"""The training pipeline: a challenger from everything that is known, reproducible to the byte."""

from __future__ import annotations

from prefect import flow

from flows.steps import clock, problems
from flows.steps.training import train


@flow(name="training")
def training(problem: str, cause: str = "by hand") -> str:
    """Train a challenger as of the clock; returns its version. Why it was trained stands with it."""
    return train(problems.get(problem), clock.now(), cause=cause)
