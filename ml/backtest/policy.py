"""The policies that a backtest compares: when to train, and what lets a challenger in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

from ml.declared.retraining import Retraining
from ml.problem import Problem

# Where triggers are looked at and trainings may begin: these days of each month, so that cadences share their trainings.
DAYS = (1, 8, 15, 22)
CADENCES = ("quarterly", "monthly", "fortnightly", "weekly")
MARGINS = (0.005, 0.01)
HOLDOUTS = (28, 56)
# What estimates quality before labels come needs live scores and a past of them; a backtest has the labels.
REPLAYED = ("drift", "realised_loss", "new_labels")


@dataclass(frozen=True)
class Gate:
    """What a challenger is asked: the gates of `ml.judge` with this margin, on so many days that it has not seen."""

    margin: float
    holdout_days: int

    def __str__(self) -> str:
        return f"margin {self.margin:g}, {self.holdout_days} days"


@dataclass(frozen=True)
class Policy:
    """When to train, and the gate; `gate` None lets every challenger in. `holdout_days` is what a twin does without."""

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
        """The days that its twins do without."""
        return self.holdout_days if self.gate is None else self.gate.holdout_days

    @property
    def name(self) -> str:
        return f"{self.when}, {'no gate' if self.gate is None else self.gate}"


def declared(problem: Problem) -> Policy:
    """The policy in use, as far as a backtest can follow it."""
    policy = problem.retraining
    seen = policy._replace(triggers=tuple(one for one in policy.triggers if one in REPLAYED))
    return Policy(seen, Gate(problem.margin, problem.holdout_days), problem.holdout_days)


def policies(problem: Problem, finest: str = "weekly") -> tuple[Policy, ...]:
    """The policy in use first, then what is compared with it: cadences to the finest, triggers alone, a month with triggers.

    Eight weeks of holdout are tried where cadences leave them: verdicts of two weeks that share eight share nearly all.
    """
    own, usual = declared(problem), problem.holdout_days
    base = own.retraining._replace(cadence="never", triggers=(), new_labels=None)
    labels = own.retraining.new_labels or LABELS
    gates = [None, *(Gate(margin, usual) for margin in dict.fromkeys((problem.margin, *MARGINS)))]
    long = [Gate(margin, days) for margin, days in product(MARGINS, HOLDOUTS) if days != usual]
    found = [own, Policy(base, None, usual)]
    for cadence in CADENCES[: CADENCES.index(finest) + 1]:
        found += [Policy(base._replace(cadence=cadence), gate, usual) for gate in gates]
        if cadence in ("quarterly", "monthly"):
            found += [Policy(base._replace(cadence=cadence), gate, gate.holdout_days) for gate in long]
    for trigger in REPLAYED:
        given = {"new_labels": labels} if trigger == "new_labels" else {}
        found += [Policy(base._replace(triggers=(trigger,), **given), gate, usual) for gate in gates]
    for trigger in ("drift", "realised_loss"):
        found += [Policy(base._replace(cadence="monthly", triggers=(trigger,)), gate, usual) for gate in gates]
    return tuple(dict.fromkeys(found))


# Where none is declared: a thousand rows a day of the flights, for two weeks.
LABELS = 14_000


def instants(start: datetime, until: datetime) -> tuple[datetime, ...]:
    """`start`, every looked-at day at the same hour after it, and `until`."""
    found, at = [start], start + timedelta(days=1)
    while at < until:
        if at.day in DAYS:
            found.append(at)
        at += timedelta(days=1)
    return (*found, until)
