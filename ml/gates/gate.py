"""What a gate looks at, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ml.bootstrap import Interval
from ml.drift import Drift
from ml.jackknife import difference
from ml.measured import Measured
from ml.problem import Problem

# A wait that nobody plans for: beyond it, more days are not the answer.
LONGEST_WAIT = 1000


@dataclass(frozen=True)
class Gate:
    """One question: the estimate with its interval, what it was held against, the answer, and a sentence.

    `passed` None: these rows cannot say. `p_value` belongs to the claim that decides the gate. `more` are the further
    clusters that would decide an open gate, if the estimate stayed. `about` says what an answer stands on: "rows" (void on a
    broken or too small test set), "system" (not), "detail" (part of another gate).
    """

    name: str
    estimate: float
    low: float
    high: float
    margin: float
    passed: bool | None
    reason: str
    p_value: float | None = None
    more: int | None = None
    about: str = "rows"


class Flags(NamedTuple):
    """Which rows each candidate would have flagged."""

    challenger: np.ndarray
    rule: np.ndarray
    champion: np.ndarray | None


@dataclass(frozen=True)
class Evidence:
    """What every gate looks at: the same unseen rows, scored by each candidate, and what was measured apart from them."""

    label: np.ndarray
    cluster: np.ndarray
    challenger: np.ndarray
    rule: np.ndarray
    champion: np.ndarray | None
    weight: np.ndarray | None
    problem: Problem
    alpha: float
    flags: Flags
    slices: Mapping[str, np.ndarray] = field(default_factory=dict)
    drift: Drift | None = None
    measured: Measured | None = None

    def better(self, than: np.ndarray, rows: np.ndarray | slice = slice(None)) -> Interval:
        """By how much the challenger is better on `rows`, in the problem's metric.

        Each bound errs with probability `alpha`.
        """
        return difference(
            self.problem.metric,
            self.label[rows],
            self.challenger[rows],
            than[rows],
            self.cluster[rows],
            weight=None if self.weight is None else self.weight[rows],
            alpha=2 * self.alpha,
        )

    @cached_property
    def over_rule(self) -> Interval:
        return self.better(self.rule)

    @cached_property
    def over_champion(self) -> Interval:
        return self.better(self.champion)

    @property
    def unit(self) -> str:
        return "days" if self.problem.cluster == "day" else f"values of {self.problem.cluster}"


def above(found: Interval, bound: float) -> bool | None:
    """True where the interval lies above the bound, False where below, None where it holds it."""
    return True if found.low > bound else False if found.high < bound else None


def further(found: Interval, bound: float) -> int | None:
    """How many more clusters would decide, if the estimate stayed: the interval shrinks with their square root."""
    distance = abs(found.estimate - bound)
    if not np.isfinite(found.low) or distance == 0:
        return None
    needed = int(np.ceil(found.clusters * ((found.high - found.estimate) / distance) ** 2)) - found.clusters
    return max(needed, 1) if needed <= LONGEST_WAIT else None


def decide(found: Interval, bound: float, evidence: Evidence) -> tuple[bool | None, int | None, str]:
    """Whether the truth is above the bound; where that is open, how many more clusters would decide, and that in words."""
    passed = above(found, bound)
    if passed is not None:
        return passed, None, ""
    more = further(found, bound)
    if more is None:
        return None, None, f"; {evidence.unit} alone will not decide it soon"
    rows = round(more * len(evidence.label) / len(np.unique(evidence.cluster)))
    way = "for" if found.estimate > bound else "against"
    return None, more, f"; about {more} more {evidence.unit} ({rows:,} rows) like these would decide {way} it"


def figures(found: Interval, digits: int = 4) -> str:
    """`+0.0012 (-0.0031 to +0.0055)`."""
    return f"{found.estimate:+.{digits}f} ({found.low:+.{digits}f} to {found.high:+.{digits}f})"
