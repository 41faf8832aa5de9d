"""The calendar of a place: where its hours, days and months turn. Instants are UTC without a zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator

Step = Literal["hour", "day", "week", "month"]
STEPS = get_args(Step)


def in_utc(at: datetime) -> datetime:
    """An instant in UTC without a zone; one that names no offset is in UTC."""
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


# A parameter that may come with an offset.
Instant = Annotated[datetime, AfterValidator(in_utc)]


def local(at: datetime, zone: tzinfo) -> datetime:
    """A UTC instant on the clock of the place, without a zone."""
    return at.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def midnight(day: date, zone: tzinfo) -> datetime:
    """The UTC instant at which a local day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def ticks(start: datetime, until: datetime, step: str, zone: tzinfo) -> Iterator[datetime]:
    """The instants after `start`, up to and including `until`, at which a clock stops.

    A step is an hour (UTC), or a local day, week (to a Monday) or month.
    """
    if step not in STEPS:
        raise ValueError(f"step is one of {', '.join(STEPS)}, not {step!r}")
    at = start
    while at < until:
        at = min(_next(at, step, zone), until)
        yield at


def whole_steps(step: str, since: datetime, now: datetime) -> int:
    """How many whole steps have passed between two instants, whatever their calendar; a month has 31 days."""
    lengths = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=31)}
    return max(now - since, timedelta()) // lengths[step]


def midnights(after: datetime, until: datetime, zone: tzinfo) -> Iterator[datetime]:
    """The local midnights after an instant, up to and including `until`."""
    return (at for at in ticks(after, until, "day", zone) if local(at, zone).time() == datetime.min.time())


def slot_began(unit: str, before: datetime, now: datetime, zone: tzinfo) -> bool:
    """Whether a new local day, week (Monday) or month began after `before` and not after `now`."""
    first, last = local(before, zone), local(now, zone)
    if unit == "month":
        return (first.year, first.month) != (last.year, last.month)
    if unit == "day":
        return first.date() != last.date()
    if unit == "week":
        return _monday(first) != _monday(last)
    raise ValueError(f"unit is day, week or month, not {unit!r}")


def _monday(at: datetime) -> date:
    return at.date() - timedelta(days=at.weekday())


def _next(at: datetime, step: str, zone: tzinfo) -> datetime:
    if step == "hour":
        return at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    today = local(at, zone)
    day = today.date() + timedelta(days=1)
    if step == "week":
        day = _monday(today) + timedelta(days=7)
    if step == "month":
        day = day.replace(day=1) if day.day == 1 else (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return midnight(day, zone)
