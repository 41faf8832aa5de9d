"""How many days of labels judge a new problem, and how many stop and calibrate its training."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ml.problem.split import least_days
from ml.statistics.slices import MIN_CLUSTERS

# So many horizons tell whether a model is better; labels of fewer share too much (docs/validation.md).
HORIZONS = 6
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Days:
    """Days of holdout and validation, those of a holdout that a verdict wants, and those of history that a training needs."""

    holdout: int
    validation: int
    wanted: int
    needed: int


def days(history: timedelta, every: timedelta, horizon: timedelta, wait: timedelta, by_entity: bool) -> Days:
    """Share out a history whose labels are known after `wait`; all that is left of it is learned from.

    A part holds no row unless it is longer than a label takes and a step. Where rows of one entity are what hangs together
    (`by_entity`), a holdout need not be long.
    """
    step, ahead, waited = max(1, _whole(every)), _whole(horizon), _whole(wait)
    known = max(1, (history - horizon).days)
    least = _steps(least_days(waited, step), step)
    validation = max(least, _share(known, 0.2, step))
    wanted = max(least, _share(known, 0.25, step))
    if not by_entity:
        wanted = max(wanted, _steps(HORIZONS * ahead, step), MIN_CLUSTERS * step + waited)
    room = (history.days - waited - validation) // (2 * step) * step
    holdout = max(least, min(wanted, room))
    return Days(holdout, validation, wanted, holdout + validation + waited + step)


def _share(known: int, share: float, step: int) -> int:
    """So much of the days that are known, in whole steps, at least two of them and at most four, or four weeks."""
    return max(2 * step, min(max(28, 4 * step), round(known * share / step) * step))


def _whole(duration: timedelta) -> int:
    return -(-duration // DAY)


def _steps(days: int, step: int) -> int:
    return -(-days // step) * step
