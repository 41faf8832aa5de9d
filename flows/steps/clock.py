"""The clock: one row in the warehouse that says how far the world is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from flows.steps import warehouse
from flows.steps.settings import time_zone
from ml.errors import AsofError

STEPS = ("hour", "day", "month")


def now() -> datetime | None:
    """The instant up to which everything is landed; None before the first landing."""
    with warehouse.cursor() as con:
        con.execute("create schema if not exists landing")
        con.execute("create table if not exists landing.clock (now timestamp)")
        rows = con.execute("select now from landing.clock").fetchall()
    return rows[0][0] if rows else None


def move(to: datetime) -> None:
    """Set the clock; it never goes back."""
    before = now()
    if before is not None and to < before:
        raise AsofError(
            f"the clock stands at {before} and cannot go back to {to}; give a later instant, or begin anew without data/"
        )
    with warehouse.transaction() as con:
        con.execute("delete from landing.clock")
        con.execute("insert into landing.clock values (?)", [to])


def midnight(day: str) -> datetime:
    """The UTC instant of a local midnight, for a day such as `2013-07-01`."""
    return datetime.fromisoformat(day).replace(tzinfo=time_zone()).astimezone(UTC).replace(tzinfo=None)


def ticks(start: datetime, until: datetime, step: str) -> Iterator[datetime]:
    """The instants after `start` up to and including `until` at which the replay stops: hours, local days or months."""
    if step not in STEPS:
        raise ValueError(f"step is one of {', '.join(STEPS)}, not {step!r}")
    at = start
    while at < until:
        at = min(_next(at, step), until)
        yield at


def local(at: datetime) -> datetime:
    """A UTC instant on the clock of the place, without a zone."""
    return at.replace(tzinfo=UTC).astimezone(time_zone()).replace(tzinfo=None)


def _next(at: datetime, step: str) -> datetime:
    if step == "hour":
        return at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    day = local(at).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    if step == "month":
        while day.day != 1:
            day += timedelta(days=1)
    return day.replace(tzinfo=time_zone()).astimezone(UTC).replace(tzinfo=None)
