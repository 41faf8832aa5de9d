"""What can learn: boosted trees or their mean, a logistic regression, and the rule, which learns what its values are worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml import calibrate, linear
from ml.ensemble import merged
from ml.errors import AsofError
from ml.fit import boost, trees
from ml.lgbm import lightgbm

Progress = Callable[[str, int, int], None]
# Seeds of members lie so far apart that recipes with neighbouring seeds, as experiments walk them, share none.
APART = 1000
Part = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Lesson:
    """The rows to learn from, as arrays, and how.

    `categories` maps the position of a coded column to the number of its codes; `watched` is (matrix, label,
    weight) of the rows that stop the learning early, None where all `rounds` are wanted.
    """

    matrix: np.ndarray
    label: np.ndarray
    weight: np.ndarray
    columns: tuple[str, ...]
    categories: Mapping[int, int]
    watched: Part | None
    params: Mapping[str, Any]
    seed: int
    metric: str
    rounds: int
    early_stopping_rounds: int
    threads: int
    problem: str
    members: int = 1

    def check(self) -> None:
        """AsofError when a part has one class only."""
        for label, part in ((self.label, "train"), (self.watched and self.watched[1], "validation")):
            if label is not None and len(np.unique(label)) < 2:
                raise AsofError(
                    f"all {len(label)} labels of the {part} part of {self.problem} are {label[0]:.0f}; "
                    "there is nothing to learn: wait for more labels"
                )


@dataclass(frozen=True, eq=False)
class Learned:
    """`predict` maps a matrix to raw probabilities, float64.

    `rounds` is how many are worth keeping, of each member, 1 where nothing goes round; `booster` is LightGBM's, else None;
    of several members it is their mean, and holds no tree beyond.
    """

    predict: Callable[[np.ndarray], np.ndarray]
    rounds: int = 1
    booster: Any = None
    members: int = 1

    @property
    def text(self) -> str:
        """The trees that count, as LightGBM's text."""
        return trees(self.booster, self.rounds if self.members == 1 else -1)


def _lightgbm(lesson: Lesson, done: Callable[[int], None]) -> Learned:
    grown = [_grow(lesson, member, done) for member in range(lesson.members)]
    booster, rounds = grown[0]
    keep = rounds
    if lesson.members > 1:
        booster, keep = lightgbm().Booster(model_str=merged([trees(*one) for one in grown])), -1
        rounds = round(float(np.mean([best for _, best in grown])))

    def predict(matrix: np.ndarray) -> np.ndarray:
        if len(matrix) == 0:
            return np.empty(0)
        return booster.predict(matrix, num_iteration=keep, num_threads=lesson.threads)

    return Learned(predict, rounds, booster, lesson.members)


def _grow(lesson: Lesson, member: int, done: Callable[[int], None]) -> tuple[Any, int]:
    """One member's booster, and how many of its rounds are best."""
    return boost(
        lesson.matrix, lesson.label, lesson.weight, lesson.columns, list(lesson.categories), lesson.params,
        lesson.seed + APART * member, lesson.metric, lesson.rounds, lesson.early_stopping_rounds, lesson.threads,
        lambda at: done((lesson.rounds * member + at) // lesson.members), lesson.watched,
    )  # fmt: skip


def _linear(lesson: Lesson, done: Callable[[int], None]) -> Learned:
    predict = linear.fit(lesson.matrix, lesson.label, lesson.weight, lesson.categories, lesson.params)
    done(lesson.rounds)
    return Learned(predict)


def _rule(lesson: Lesson, done: Callable[[int], None]) -> Learned:
    """The declared column as it is, where it holds probabilities; any other number is first brought to (0, 1)."""
    values = lesson.matrix[:, 0].astype(np.float64)
    if np.isnan(values).any():
        raise AsofError(
            f"rule {lesson.columns[0]} of {lesson.problem} is missing in {np.isnan(values).sum()} rows; mend it in SQL"
        )
    done(lesson.rounds)
    if values.min() >= 0 and values.max() <= 1:
        return Learned(lambda matrix: matrix[:, 0].astype(np.float64))
    middle, spread = values.mean(), values.std() or 1.0

    def squeezed(matrix: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp((middle - matrix[:, 0].astype(np.float64)) / spread))

    fitted = calibrate.platt(squeezed(lesson.matrix), lesson.label, lesson.weight)
    return Learned(lambda matrix: calibrate.apply(fitted, squeezed(matrix)))


LEARNERS: dict[str, Callable[[Lesson, Callable[[int], None]], Learned]] = {
    "lightgbm": _lightgbm,
    "linear": _linear,
    "rule": _rule,
}
