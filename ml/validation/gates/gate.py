"""What a gate looks at, and what it answers."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ml.models import tasks
from ml.models.tasks import Task
from ml.problem.problem import Problem
from ml.problem.rows import Rows
from ml.problem.split import days, step_days
from ml.statistics import long_run
from ml.statistics.confidence_sequence import bounds
from ml.statistics.interval import Interval
from ml.statistics.jackknife import difference
from ml.statistics.student import quantile
from ml.validation.drift import Drift
from ml.validation.measured import Measured
from ml.validation.prior import Past

# A wait that nobody plans for: beyond it, more days are not the answer.
LONGEST_WAIT = 1000


@dataclass(frozen=True)
class Gate:
    """One question: the estimate with its interval, the threshold it is compared with, the answer, and a sentence.

    `passed` None: these rows cannot say. `p_value` belongs to the claim that decides the gate. `more` are the further
    clusters that would decide an open gate, if the estimate stayed. `about` says what an answer stands on: "rows" (void on a
    broken or too small test set), "system" (not), "detail" (part of another gate). `se` is the standard error of the estimate.
    Where a gate joins what was `expected` before with what the rows say, `believed` is what comes of it, and `probability` that
    of the claim being false.
    """

    name: str
    estimate: float
    low: float
    high: float
    threshold: float
    passed: bool | None
    reason: str
    p_value: float | None = None
    more: int | None = None
    about: str = "rows"
    se: float | None = None
    expected: float | None = None
    believed: float | None = None
    probability: float | None = None


class Flags(NamedTuple):
    """What each candidate would have decided, one value a row: rows that it flags, or what `Task.decide` returns."""

    challenger: np.ndarray
    rule: np.ndarray
    champion: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Within:
    """Whether the truth lies within the interval of a prediction, 0 or 1 a row, by what the interval claims in per cent."""

    challenger: Mapping[int, np.ndarray]
    champion: Mapping[int, np.ndarray]

    def take(self, rows: np.ndarray) -> Within:
        """The rows numbered or marked so."""
        return Within(*({level: one[rows] for level, one in each.items()} for each in (self.challenger, self.champion)))


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that a verdict rests on: the unseen rows, scored by each candidate, and what was measured apart from them.

    `champion` is None where there is none; each bound of an interval errs with probability `alpha`. Where `drift` or `measured`
    is None, it was not looked at, and its gates are not asked. `ranges` is None where predictions have no intervals. Without a
    `past` a challenger is compared with the champion by these rows alone; as a `sequence` where they are looked at as they come.
    `live`: rows that come by waiting, and no window of `holdout_days`.
    """

    rows: Rows
    challenger: np.ndarray
    champion: np.ndarray | None
    flags: Flags
    alpha: float
    drift: Drift | None = None
    measured: Measured | None = None
    ranges: Within | None = None
    past: Past | None = None
    sequence: bool = False
    live: bool = False

    @property
    def problem(self) -> Problem:
        return self.rows.problem

    @property
    def task(self) -> Task:
        return tasks.of(self.problem)

    def better(self, than: np.ndarray, chosen: np.ndarray | slice = slice(None)) -> Interval:
        """By how much the challenger is better on the rows `chosen`, in the problem's metric."""
        rows = self.rows
        return difference(
            self.problem.metric,
            rows.label[chosen],
            self.challenger[chosen],
            than[chosen],
            rows.cluster[chosen],
            weight=None if rows.weight is None else rows.weight[chosen],
            alpha=2 * self.alpha,
            overlap=rows.overlap,
        )

    @cached_property
    def over_rule(self) -> Interval:
        return self.better(self.rows.rule)

    @cached_property
    def over_champion(self) -> Interval:
        found = self.better(self.champion)
        return bounds(found, self.alpha, self.problem.holdout_days) if self.sequence else found

    @property
    def unit(self) -> str:
        return self.problem.cluster_unit


def above(found: Interval, bound: float) -> bool | None:
    """True where the interval lies above the bound, False where below, None where it holds it."""
    return True if found.low > bound else False if found.high < bound else None


def soonest(decides: Callable[[int], bool]) -> int | None:
    """The fewest further clusters that decide, where more decide as well; None beyond the longest wait."""
    more = bisect_left(range(1, LONGEST_WAIT + 1), True, key=decides) + 1
    return more if more <= LONGEST_WAIT else None


def further(found: Interval, bound: float, evidence: Evidence) -> int | None:
    """How many more clusters would decide, if the estimate stayed: the interval shrinks with their square root.

    Where labels share outcomes it also shrinks with the quantile of Student's t, which few clusters make wide.
    """
    distance, overlap = abs(found.estimate - bound), evidence.rows.overlap
    if not np.isfinite(found.low) or distance == 0:
        return None
    if overlap > 1:

        def decides(more: int) -> bool:
            clusters = found.clusters + more
            reach = quantile(1 - evidence.alpha, long_run.freedom(clusters, overlap)) * np.sqrt(found.clusters / clusters)
            return bool(found.se * reach <= distance)

        return soonest(decides)
    needed = int(np.ceil(found.clusters * ((found.high - found.estimate) / distance) ** 2)) - found.clusters
    return max(needed, 1) if needed <= LONGEST_WAIT else None


def decide(found: Interval, bound: float, evidence: Evidence) -> tuple[bool | None, int | None, str]:
    """Whether the truth is above the bound; where that is open, how many more clusters would decide, and that in words."""
    passed = above(found, bound)
    if passed is not None:
        return passed, None, ""
    more = further(found, bound, evidence)
    if more is None:
        return None, None, f"; {evidence.unit} alone will not decide it soon"
    rows = round(more * len(evidence.rows) / len(np.unique(evidence.rows.cluster)))
    way = "for" if found.estimate > bound else "against"
    return (
        None,
        more,
        f"; about {more} more {evidence.unit} ({rows:,} rows) like these would decide {way} it{lasting(more, evidence)}",
    )


def lasting(more: int, evidence: Evidence) -> str:
    """How long further clusters take by the calendar, where questions do not come daily, and which holdout would have them.

    In words; nothing where clusters are no days. A holdout is a window: it moves on, and does not grow.
    """
    if evidence.problem.cluster != "day":
        return ""
    step = step_days(evidence.rows.cluster)
    # between two questions there may be a holiday: half a day more is no step of its own
    calendar = "" if step < 1.5 else f", in {round(more * step):,} days: it asks every {step:.3g}"
    if evidence.live:
        return calendar
    now = evidence.problem.holdout_days
    return f"{calendar}; a later challenger is judged on as many with holdout_days {longer(more, evidence)} instead of {now}"


def longer(more: float, evidence: Evidence) -> int:
    """The `holdout_days` of a window that holds so many more instants that ask, where these come as they do in it."""
    by_day, now = evidence.problem.cluster == "day", evidence.problem.holdout_days
    asked = evidence.rows.cluster if by_day else days(evidence.rows.as_of)
    # of a single instant nobody sees how far away the next one is, but for the window that holds no other
    step = step_days(asked) if len(np.unique(asked)) > 1 else now
    return now + int(np.ceil(more * step))
