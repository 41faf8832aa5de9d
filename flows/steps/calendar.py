"""When days, weeks and months turn."""

from __future__ import annotations

from datetime import datetime, timedelta

from flows.steps.clock import local


def turned(unit: str, before: datetime, now: datetime) -> bool:
    """Whether a new local day, week (Monday) or month began after `before` and not after `now` (both UTC)."""
    first, last = local(before), local(now)
    if unit == "month":
        return (first.year, first.month) != (last.year, last.month)
    if unit == "day":
        return first.date() != last.date()
    if unit == "week":
        return _monday(first) != _monday(last)
    raise ValueError(f"unit is day, week or month, not {unit!r}")


def _monday(at: datetime):
    return at.date() - timedelta(days=at.weekday())
