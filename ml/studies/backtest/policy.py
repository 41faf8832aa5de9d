"""The policies that a backtest compares: when to train, and what lets a challenger in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product

from ml.problem.declared.retraining import CADENCES, TRIGGERS, Retraining
from ml.problem.problem import Problem

# Where triggers are looked at and trainings may begin: these days of each month, so that cadences share their trainings.
DAYS = (1, 8, 15, 22)
# A model a day costs a day's work of the machine for a season, and a week brings a fiftieth of new rows.
TRIED = CADENCES[CADENCES.index("quarterly") : CADENCES.index("weekly") + 1]
MARGINS = (0.005, 0.01)
HOLDOUTS = (28, 56)


@dataclass(frozen=True)
class Gate:
    """What a challenger is asked: the gates of `ml.validation.judge` with this margin, on so many days that it has not seen.

    `prior`: what newer data were worth before counts, too; otherwise it has to prove itself on these days alone.
    """

    margin: float
    holdout_days: int
    prior: bool = True

    def __str__(self) -> str:
        return f"margin {self.margin:g}, {self.holdout_days} days{'' if self.prior else ' alone'}"


@dataclass(frozen=True)
class Policy:
    """When to train, and the gate; `gate` None lets every challenger in. `holdout_days` is what a holdout model does without."""

    retraining: Retraining
    gate: Gate | None
    holdout_days: int

    @property
    def when(self) -> str:
        """The cadence and the triggers, in words."""
        parts = [] if self.retraining.cadence == "never" and self.retraining.triggers else [self.retraining.cadence]
        return " or ".join([*parts, *(one.replace("_", " ") for one in self.retraining.triggers)])

    @property
    def asked(self) -> str:
        """The gate, in words."""
        return "none" if self.gate is None else str(self.gate)

    @property
    def holdout(self) -> int:
        """The days that its holdout models do without."""
        return self.holdout_days if self.gate is None else self.gate.holdout_days

    @property
    def name(self) -> str:
        return f"{self.when}, {'no gate' if self.gate is None else self.gate}"


def declared(problem: Problem) -> Policy:
    """The policy in use."""
    gate = Gate(problem.margin, problem.holdout_days, problem.validation.past)
    return Policy(problem.retraining, gate, problem.holdout_days)


def policies(problem: Problem, finest: str = "weekly") -> tuple[Policy, ...]:
    """The policy in use first, then what is compared with it: cadences to the finest, triggers alone, a month with triggers.

    Eight weeks of holdout are tried where cadences leave them: verdicts of two weeks that share eight share nearly all.
    """
    own, usual = declared(problem), problem.holdout_days
    base = replace(own.retraining, cadence="never", triggers=(), new_labels=None)
    labels = own.retraining.new_labels or LABELS
    gates = [None, *(Gate(margin, usual) for margin in dict.fromkeys((problem.margin, *MARGINS)))]
    long = [Gate(margin, days) for margin, days in product(MARGINS, HOLDOUTS) if days != usual]
    found = [own, Policy(base, None, usual)]
    for cadence in TRIED[: TRIED.index(finest) + 1]:
        # and what the same gate lets in that knows no past
        alone = Gate(problem.margin, usual, prior=False)
        found += [Policy(replace(base, cadence=cadence), gate, usual) for gate in (*gates, alone)]
        if cadence in ("quarterly", "monthly"):
            found += [Policy(replace(base, cadence=cadence), gate, gate.holdout_days) for gate in long]
    for trigger in TRIGGERS:
        given = {"new_labels": labels} if trigger == "new_labels" else {}
        found += [Policy(replace(base, triggers=(trigger,), **given), gate, usual) for gate in gates]
    for trigger in (one for one in TRIGGERS if one != "new_labels"):
        found += [Policy(replace(base, cadence="monthly", triggers=(trigger,)), gate, usual) for gate in gates]
    return tuple(dict.fromkeys(found))


# Where none is declared: a thousand rows a day of the flights, for two weeks.
LABELS = 14_000


def instants(start: datetime, until: datetime) -> tuple[datetime, ...]:
    """`start`, every looked-at day at the same hour after it, and `until`, which no other precedes by less than a day."""
    found, at = [start], start + timedelta(days=1)
    while at + timedelta(days=1) <= until:
        if at.day in DAYS:
            found.append(at)
        at += timedelta(days=1)
    return (*found, until)
