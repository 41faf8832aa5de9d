"""How many days of labels judge a new problem, and how many stop and calibrate its training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from ml.models import calibrate, conformal
from ml.problem.split import days as days_of
from ml.problem.split import least_days
from ml.statistics.evaluate import NUMBERS, rarer
from ml.statistics.slices import MIN_CLUSTERS, MIN_OF_CLASS

# So many horizons tell whether a model is better; labels of fewer share too much (docs/validation.md).
HORIZONS = 6
DAY = timedelta(days=1)
# Standard errors of a count that is not to fall short in nineteen of twenty cases.
SURELY = 1.645


@dataclass(frozen=True)
class Usual:
    """What a day of questions brings: rows with a label, those of what is rarer (of numbers all), and if labels are numbers."""

    rows: float
    rarer: float
    number: bool


@dataclass(frozen=True)
class Days:
    """Days of holdout and validation, those that a verdict and a calibration want, and of history that a training needs.

    `history`: of so many days a part as long as is wanted leaves as many to learn from.
    `rarer`: about so many rows of what is rarer the holdout has, on so many days of questions (`asked`; None where days are not
    what is compared); `groups`: so many rows of the validation part share no outcome. 0 where nobody has counted yet.
    """

    holdout: int
    validation: int
    wanted: int
    wanted_validation: int
    needed: int
    history: int
    asked: int | None = 0
    rarer: float = 0.0
    groups: float = 0.0

    @property
    def may_promote(self) -> bool:
        """Whether a verdict on such a holdout can be about enough rows."""
        return self.rarer >= MIN_OF_CLASS and (self.asked is None or self.asked >= MIN_CLUSTERS)


def usual(as_of: np.ndarray, label: np.ndarray, metric: str, share: float = 1.0) -> Usual:
    """What a day of questions brings, by the later half of the days there are; `share` of the entities were looked at."""
    day = days_of(as_of)
    asked = np.unique(day)
    late = asked[len(asked) // 2 :]
    recent = label[day >= late[0]]
    each = share * len(late)
    return Usual(len(recent) / each, rarer(metric, recent) / each, metric in NUMBERS)


def days(
    history: timedelta, every: timedelta, horizon: timedelta, wait: timedelta, by_entity: bool, usual: Usual | None = None
) -> Days:
    """Share out a history whose labels are known after `wait`; all that is left of it is learned from.

    A part holds no row unless it is longer than a label takes and a step. Where rows of one entity are what hangs together
    (`by_entity`), a holdout need not be long. With what is `usual` it holds as many rows as a verdict asks for, and the
    validation part as many as intervals or probabilities are read from, where the history allows both and as much to learn from.
    """
    step, ahead, waited = max(1, _whole(every)), _whole(horizon), _whole(wait)
    together = max(1.0, horizon / every)
    known = max(1, (history - horizon).days)
    least = _steps(least_days(waited, step), step)
    validation = max(least, _share(known, 0.2, step))
    wanted = max(least, _share(known, 0.25, step))
    if not by_entity:
        wanted = max(wanted, _steps(HORIZONS * ahead, step), MIN_CLUSTERS * step + waited)
    if usual and usual.rarer:
        wanted = max(wanted, _steps(_for_verdict(usual, together) * step + waited, step))
    room = (history.days - waited - validation) // (2 * step) * step
    holdout = max(least, min(wanted, room))
    wanted_validation = validation
    if usual and usual.rarer:
        wanted_validation = max(validation, _steps(_for_calibration(usual, together) * step + waited, step))
    spare = (history.days - waited - 2 * holdout) // step * step
    validation = max(validation, min(wanted_validation, spare))
    # of a longer history a share is longer
    most = _most(step)
    enough = waited + max(validation, most) + 2 * max(wanted, most) + 2 * step
    asked, calibrated = ((part - waited) // step for part in (holdout, validation))
    return Days(
        holdout, validation, wanted, wanted_validation, holdout + validation + waited + step, enough,
        None if by_entity else asked, asked * usual.rarer if usual else 0.0, calibrated * usual.rows / together if usual else 0.0,
    )  # fmt: skip


def _for_verdict(usual: Usual, together: float) -> int:
    """Days of questions with rows enough for a verdict: of a class that comes by chance more than that are expected.

    What happens once is in the label of as many rows as are asked within a horizon (`together`), so counts vary more.
    """
    spread = 0.0 if usual.number else SURELY * math.sqrt(together)
    expected = ((spread + math.sqrt(spread**2 + 4 * MIN_OF_CLASS)) / 2) ** 2
    return math.ceil(expected / usual.rarer)


def _for_calibration(usual: Usual, together: float) -> int:
    """Days of questions whose rows say how far off numbers are (rows that share no outcome), or calibrate probabilities."""
    enough = conformal.NEEDED * together / usual.rows if usual.number else calibrate.FEWEST / usual.rarer
    return max(2 * calibrate.BLOCKS, math.ceil(enough))


def _share(known: int, share: float, step: int) -> int:
    """So much of the days that are known, in whole steps, at least two of them and at most four, or four weeks."""
    return max(2 * step, min(_most(step), round(known * share / step) * step))


def _most(step: int) -> int:
    return max(28, 4 * step)


def _whole(duration: timedelta) -> int:
    return -(-duration // DAY)


def _steps(days: int, step: int) -> int:
    return -(-days // step) * step
