"""What newer data are worth to a recipe: walking forward through history, a newer model against one that is a fold older.

The folds lie on a grid of the calendar, each as long as a holdout, so that what was measured once stays measured. Of two models
on a fold, one knows all that was known when the fold began, the other what was known one fold before. Neither is refitted on the
part that stopped it: the difference between them is hardly touched by it, and a fold costs one fit.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import NamedTuple

import numpy as np

from ml.errors import AsofError
from ml.models import tasks
from ml.models.recipe import Fitted, Recipe, fit
from ml.problem.rows import Rows
from ml.problem.split import known, usual_wait
from ml.statistics.interval import Interval
from ml.statistics.jackknife import difference, mean
from ml.statistics.slices import large_enough

# A Monday, from which folds are counted.
ORIGIN = np.datetime64("1970-01-05", "us")
# A first training measures so many folds at most, each training later what has come since.
MOST = 6


class Fold(NamedTuple):
    """A stretch [start, end): the newer model learned what was known before `start`, the older one fold less."""

    start: np.datetime64
    end: np.datetime64

    @property
    def days(self) -> float:
        return float((self.end - self.start) / np.timedelta64(1, "D"))


def due(rows: Rows, now: np.datetime64, measured: Container[np.datetime64] = ()) -> list[Fold]:
    """The latest folds that can be measured as of `now` and are not, oldest first."""
    days = rows.problem.holdout_days
    length = np.timedelta64(days, "D").astype("timedelta64[us]")
    there = rows.known_at < now
    if not there.any():
        return []
    last = (now - usual_wait(rows.as_of[there], rows.known_at[there]) - ORIGIN) // length
    first = -((ORIGIN - rows.as_of[there].min()) // length)  # the first that begins after the first row
    found = [Fold(ORIGIN + k * length, ORIGIN + (k + 1) * length) for k in range(max(first + 2, last - MOST), last)]
    return [one for one in found if one.start not in measured]


class Measured(NamedTuple):
    """By how much the newer model is better on a fold: in the metric, and in cost a row, None where no costs are declared."""

    fold: Fold
    metric: Interval
    value: Interval | None


def measure(rows: Rows, folds: list[Fold], now: np.datetime64, threads: int = 2) -> Iterator[Measured]:
    """What newer data were worth on each fold; a fold is left out where either model has too little to learn or judge."""
    problem, recipe = rows.problem, Recipe.of(rows.problem)
    models: dict[np.datetime64, Fitted | None] = {}
    for fold in folds:
        test = np.flatnonzero((rows.as_of >= fold.start) & (rows.as_of < fold.end) & (rows.known_at < now))
        if not len(test) or not large_enough(rows.label[test], rows.cluster[test], problem.metric):
            continue
        before = fold.start - (fold.end - fold.start)
        for start in (before, fold.start):
            if start not in models:
                models[start] = _model(rows, recipe, start, threads)
        older, newer = models[before], models[fold.start]
        if older and newer:
            part = rows.take(test)
            scores = newer.predict(rows, test), older.predict(rows, test)
            found = difference(problem.metric, part.label, *scores, part.cluster, weight=part.weight, overlap=part.overlap)
            if np.isfinite(found.se):
                yield Measured(fold, found, _saved(part, *scores))


def _saved(part: Rows, newer: np.ndarray, older: np.ndarray) -> Interval | None:
    """What the newer model's decisions cost less, a row."""
    problem, task = part.problem, tasks.of(part.problem)
    costs = [task.cost(problem, part.label, task.decide(problem, score, task.limit(problem, score))) for score in (older, newer)]
    if costs[0] is None:
        return None
    found = mean(costs[0] - costs[1], part.cluster, weight=part.weight, overlap=part.overlap)
    return found if np.isfinite(found.se) else None


def _model(rows: Rows, recipe: Recipe, start: np.datetime64, threads: int) -> Fitted | None:
    """The recipe as it would have been first fitted before `start`; None where nothing can be learned from what was known."""
    middle = start - np.timedelta64(rows.problem.validation_days, "D")
    train = known(rows.as_of, rows.known_at, middle, recipe.window_days)
    validation = np.flatnonzero((rows.as_of >= middle) & (rows.as_of < start) & (rows.known_at < start))
    if any(len(np.unique(rows.label[part])) < 2 for part in (train, validation)):
        return None
    try:
        return fit(rows, recipe, train, validation, threads=threads)
    except AsofError:  # a class is missing, or no tree finds anything to split by
        return None
