"""What is due: everything that the calendar asks for and the ledger does not hold yet, in the order in which it must be done.

A tick is an instant at which the clock stops. Each has its phases; a phase is done when it has a succeeded run as of the tick.
The clock moves at the end of the phase `data`, so of all ticks that were begun only that of the clock can be unfinished: what
else builds, scores and watches is cumulative, and what a passed tick left out is done with the clock's own.
A look whether a training is due is not cumulative: each turn of the calendar has its own, and a model is trained as of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from ml.schedule.calendar import midnights, slot_began, ticks
from ml.schedule.retraining import slot

WEEK = timedelta(days=7)
READING = ("reconciliation", "monitors", "tests", "monitoring")
SHOWING = ("contracts", "publishing")


class Done(NamedTuple):
    """A succeeded run."""

    phase: str
    problem: str | None
    as_of: datetime


class Due(NamedTuple):
    """A phase that is due. `clock` is where the clock stands while it is done; `as_of` is earlier only for a missed look."""

    clock: datetime
    phase: str
    problem: str | None
    as_of: datetime


@dataclass(frozen=True)
class Ledger:
    """What is known of the past: the clock (None before the first landing) and the succeeded runs."""

    now: datetime | None
    done: frozenset[Done]

    def last(self, phase: str, problem: str | None = None, before: datetime = datetime.max) -> datetime | None:
        """The latest instant before another as of which a phase is done."""
        return max((one.as_of for one in self.done if one[:2] == (phase, problem) and one.as_of < before), default=None)


class Scheduled(NamedTuple):
    """A problem as far as it matters for what is due. `champion_since` is when it had its first champion, and `shadow_since` when
    the first of those that score in the shadow began; None where there is none."""

    name: str
    cadence: str
    has_triggers: bool
    champion_since: datetime | None = None
    shadow_since: datetime | None = None


@dataclass(frozen=True)
class Plan:
    """Up to where, from where and how: before `history` files land in one go; then the clock stops at each `step`.

    `first` is where an empty warehouse's clock starts.
    """

    until: datetime
    step: str
    zone: tzinfo
    first: datetime
    history: datetime | None = None


def due(ledger: Ledger, problems: Sequence[Scheduled], plan: Plan) -> Iterator[Due]:
    """What is due up to `plan.until`, tick by tick, lazily.

    Ask again after each tick: a first champion or training changes what the next ones need. None of what was done is due again.
    """
    phases = _Ticks(ledger, problems, plan, first_tick(ledger, problems, plan))
    if ledger.now is not None and phases.begin <= ledger.now <= plan.until:
        yield from phases.open(ledger.now)
    for at in _stops(ledger.now or plan.first, phases.begin, plan):
        yield from phases.open(at)


def first_tick(ledger: Ledger, problems: Sequence[Scheduled], plan: Plan) -> datetime:
    """The first tick that is lived: that of the first look, or the end of the history where nothing has been lived yet."""
    mark = "retraining" if problems else "features"
    if lived := [one.as_of for one in ledger.done if one.phase == mark]:
        return min(lived)
    now = ledger.now or plan.first
    if plan.history:
        return max(now, min(plan.history, plan.until))
    return ledger.now or next(_stops(now, now, plan), now)


def _stops(start: datetime, begin: datetime, plan: Plan) -> Iterator[datetime]:
    """Where the clock stops after `start`."""
    if start < begin <= plan.until:
        yield begin
    yield from ticks(max(start, begin), plan.until, plan.step, plan.zone)


class _Ticks:
    """Goes from tick to tick, and remembers when problems were looked at and the monitors were read."""

    def __init__(self, ledger: Ledger, problems: Sequence[Scheduled], plan: Plan, begin: datetime) -> None:
        self.begin = begin
        self._ledger, self._problems, self._plan = ledger, problems, plan
        self._looked = {one.name: ledger.last("retraining", one.name) for one in problems}
        self._trained = {one.name for one in problems if ledger.last("training", one.name)}
        self._watched = max(begin, ledger.last("monitoring", before=ledger.now or begin) or begin)

    def open(self, at: datetime) -> Iterator[Due]:
        """The phases of a tick that are not done, in their order."""
        return (one for one in self._tick(at) if Done(one.phase, one.problem, one.as_of) not in self._ledger.done)

    def _tick(self, at: datetime) -> Iterator[Due]:
        checks = sorted((tick, one.name) for one in self._problems for tick in self._checks(one, at))
        served = [one for one in self._problems if one.champion_since is not None and one.champion_since < at]
        yield from (Due(at, phase, None, at) for phase in ("data", "features", "feedback"))
        # Rows of an instant are scored by who was champion then: what was missed comes before they are.
        yield from (Due(at, "retraining", name, tick) for tick, name in checks if tick < at)
        yield from (Due(at, "serving", one.name, at) for one in served)
        yield from (Due(at, "shadow", one.name, at) for one in served if one.shadow_since is not None and one.shadow_since < at)
        yield from (Due(at, "retraining", name, tick) for tick, name in checks if tick == at)
        if self._problems:
            yield from self._watch(at, bool(served))

    def _checks(self, problem: Scheduled, at: datetime) -> Iterator[datetime]:
        """As of when a problem is looked at, up to a tick: at first, then at the first midnight of each period."""
        looked = self._looked[problem.name]
        if looked is None:
            self._looked[problem.name] = at
            yield at
        elif problem.cadence != "never" or problem.name not in self._trained:
            for midnight in midnights(looked, at, self._plan.zone):
                untrained = problem.name not in self._trained
                if untrained or slot(problem.cadence, self._looked[problem.name]) != slot(problem.cadence, midnight):
                    self._looked[problem.name] = midnight
                    yield midnight

    def _watch(self, at: datetime, serving: bool) -> Iterator[Due]:
        """Once a week the monitors are read. With the first week of a month, and at the end, people are shown what they say."""
        before, zone = self._watched, self._plan.zone
        last, weekly = self.begin < at == self._plan.until, at > self.begin and slot_began("week", before, at, zone)
        # A look at the end of an earlier call is none of the calendar: the first week of a month is shown all the same.
        monthly = weekly and any(slot_began("month", since, at, zone) for since in (before, max(self.begin, at - WEEK)))
        if weekly:
            self._watched = at
        names = [one.name for one in self._problems]
        yield from (Due(at, phase, None, at) for phase in READING if last or (weekly and phase != "tests"))
        yield from (Due(at, "triggers", one.name, at) for one in self._problems if weekly and one.has_triggers)
        yield from (Due(at, "reporting", name, at) for name in names if last or monthly)
        yield from (Due(at, phase, None, at) for phase in SHOWING if serving and (last or monthly))
