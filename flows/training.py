"""The training pipeline: a challenger from everything that is known, reproducible to the byte."""

from __future__ import annotations

from datetime import datetime

from prefect import flow

from flows.runtime import flow_run
from flows.runtime.errors import explaining
from flows.steps.data.building import complete
from flows.steps.monitoring.alerting.failures import failures_reported
from flows.steps.training.training import train
from flows.store import clock, problems
from ml.models.learn import Progress


@flow(name="training", timeout_seconds=6 * 3600)
@explaining
@failures_reported()
def training(problem: str, cause: str = "by hand", at: datetime | None = None, on_progress: Progress | None = None) -> str:
    """Train a challenger as of an instant, by default the clock; returns its version. Why it was trained stands with it."""
    at = at or clock.now()
    flow_run.named(problem, at)
    complete([problem])
    return train(problems.get(problem), at, on_progress, cause)
