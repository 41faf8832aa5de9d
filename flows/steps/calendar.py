"""When weeks and months turn."""

from __future__ import annotations

from datetime import datetime, timedelta

from flows.steps.clock import local, ticks


def turned(unit: str, before: datetime, now: datetime) -> bool:
    """Whether a new local week (Monday) or month began after `before` and not after `now` (both UTC)."""
    first, last = local(before), local(now)
    if unit == "month":
        return (first.year, first.month) != (last.year, last.month)
    if unit == "week":
        return _monday(first) != _monday(last)
    raise ValueError(f"unit is week or month, not {unit!r}")


def coming(unit: str, now: datetime) -> datetime:
    """When the next local day, week (Monday) or month begins after `now`; both UTC."""
    if unit not in ("day", "week", "month"):
        raise ValueError(f"unit is day, week or month, not {unit!r}")
    return next(at for at in ticks(now, now + timedelta(days=32), "day") if unit == "day" or turned(unit, now, at))


def _monday(at: datetime):
    return at.date() - timedelta(days=at.weekday())
