"""Is a training due? The declared policy as a pure function; `mon_retraining` asks the same of the ledger, in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from ml.problem.declared.retraining import EVERY, Retraining

DAY = timedelta(days=1)


class Window(NamedTuple):
    """A week that a trigger has looked at: where it ended, and whether it was beyond the limit."""

    end: datetime
    beyond: bool


def due(
    policy: Retraining,
    now: datetime,
    trained: Sequence[datetime],
    windows: Mapping[str, Sequence[Window]],
    labels: int = 0,
) -> str | None:
    """The cause of a training that is due at `now`: `schedule`, or the first of the declared triggers that fires; None.

    `trained` are the instants of earlier trainings, ascending; `windows` by trigger, ascending; `labels` have come since the
    last training. Before the first training there is nothing that could be trained again: None.
    """
    if not trained or sum(at.date() == now.date() for at in trained) >= policy.daily_maximum:
        return None
    if slot(policy.cadence, trained[-1]) != slot(policy.cadence, now):
        return "schedule"
    if now < trained[-1] + timedelta(days=policy.cooldown_days):
        return None
    for trigger in policy.triggers:
        if trigger == "new_labels":
            fires = labels >= (policy.new_labels or 0)
        else:
            fires = fired(policy, [one for one in windows.get(trigger, ()) if trained[-1] < one.end <= now])
        if fires:
            return trigger
    return None


def fired(policy: Retraining, windows: Sequence[Window]) -> bool:
    """Whether the latest of these windows is beyond its limit, and enough of the last ones are."""
    last = windows[-policy.windows :]
    return bool(last) and last[-1].beyond and sum(one.beyond for one in last) >= policy.beyond


def slot(cadence: str, at: datetime) -> tuple[int, ...]:
    """The period of a cadence in which an instant lies, UTC: another one means that its turn has come."""
    if found := EVERY.fullmatch(cadence):
        return (at.toordinal() // int(found[1]),)
    monday = (at.date() - timedelta(days=at.weekday())).toordinal() // 7
    return {
        "never": (),
        "yearly": (at.year,),
        "quarterly": (at.year, (at.month - 1) // 3),
        "monthly": (at.year, at.month),
        "fortnightly": (monday // 2,),
        "weekly": (monday,),
        "daily": (at.toordinal(),),
    }[cadence]


def next_slot(cadence: str, after: datetime) -> datetime | None:
    """The first midnight UTC after an instant at which the turn of a cadence comes; None where it never does."""
    if cadence == "never":
        return None
    at = after.replace(hour=0, minute=0, second=0, microsecond=0) + DAY
    while slot(cadence, at) == slot(cadence, after):
        at += DAY
    return at


def slots_a_month(cadence: str) -> float:
    """How often the turn of a cadence comes in a month, over four years."""
    if found := EVERY.fullmatch(cadence):
        return 365.25 / 12 / int(found[1])
    first, last = date(2009, 1, 1), date(2013, 1, 1)
    days = [datetime.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1)]
    return sum(slot(cadence, before) != slot(cadence, at) for before, at in pairwise(days)) / 48
