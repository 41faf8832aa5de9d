"""The data pipeline: what became known meanwhile lands, is checked, and becomes features and labels; then people's remarks."""

from __future__ import annotations

from datetime import datetime

from prefect import flow

from flows.steps import clock, feedback
from flows.steps.building import build, prepare
from flows.steps.landing_zone import land, upcoming


@flow(name="data")
def data(until: datetime | None = None, length: str = "hour") -> datetime:
    """Move the clock to `until` (by default one hour, day or month further), land and build; returns the clock."""
    prepare()
    land(until or upcoming(length), length)
    build(clock.now())
    feedback.receive(clock.now())
    return clock.now()
