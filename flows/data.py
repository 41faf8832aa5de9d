"""The data pipeline: what became known meanwhile lands, is checked, and becomes features and labels; then people's remarks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from prefect import flow

from flows.runtime import flow_run
from flows.runtime.errors import explaining
from flows.steps.data import feedback
from flows.steps.data.building import build, prepare
from flows.steps.data.landing_zone import check, land, nothing, tell_unread, upcoming
from flows.steps.monitoring.alerting.failures import failures_reported
from flows.store import clock


@flow(name="data", timeout_seconds=3 * 3600)
@explaining
@failures_reported()
def data(until: datetime | None = None, length: str = "hour") -> datetime:
    """Move the clock to `until` (by default one hour, day or month further), land and build; returns the clock."""
    prepare()
    until = until or upcoming(length)
    flow_run.named(at=until)
    land(until, length)
    _build()
    return clock.now()


def landed(until: datetime | None = None, length: str = "day", warn: Callable[[str], None] = nothing) -> int:
    """Let the feeds deliver up to `until`, land every new file, then move the clock; returns the rows that landed."""
    prepare()
    if until:
        check(until)
    tell_unread(warn)
    return land(until or upcoming(length), length, warn)


def built(warn: Callable[[str], None] = nothing) -> tuple[int, feedback.Received]:
    """Features and labels of what landed since the last build, then people's remarks; returns how many models, and those."""
    prepare()
    return _build(warn)


def _build(warn: Callable[[str], None] = nothing) -> tuple[int, feedback.Received]:
    models = build(clock.now())
    return models, feedback.receive(clock.now(), warn)
