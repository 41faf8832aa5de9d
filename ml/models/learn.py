"""What can learn: boosted trees or their mean, a linear model, and the rule, which learns what its values are worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.errors import AsofError
from ml.models import calibrate, linear, tasks
from ml.models.ensemble import merged
from ml.models.fit import boost, trees
from ml.models.lgbm import lightgbm
from ml.models.tasks import Task
from ml.problem.problem import Problem

Progress = Callable[[str, int, int], None]
# Seeds of members differ by so much that recipes with neighbouring seeds, as experiments use them, share none.
SEED_STEP = 1000
# At the usual step of .05, trees have gone two fifths of their way by then. An area that is best before that is best by chance:
# it moves by single pairs, and one tree orders as well as ten. Of 240 small made-up histories a third stopped there; with the
# rounds of the log loss these were better on later rows by .005 in area and .012 in log loss, and no kind of them worse.
FEW_ROUNDS = 10
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
    problem: Problem
    rounds: int
    early_stopping_rounds: int
    threads: int
    members: int = 1

    @property
    def task(self) -> Task:
        return tasks.of(self.problem)

    def check(self) -> None:
        """AsofError when a part has one label only among the rows that count, or no feature tells rows apart."""
        self.task.check(self.label, self.weight, "train", self.problem.name)
        if self.watched is not None:
            self.task.check(self.watched[1], self.watched[2], "validation", self.problem.name)
        if not any(_varies(self.matrix[:, place]) for place in range(len(self.columns))):
            raise AsofError(
                f"no feature of {self.problem.name} has more than one value in the {len(self.label)} rows of the train part "
                f"({', '.join(self.columns[:5])}, …): there is nothing to learn from; look at the SQL of the features"
            )


def _varies(column: np.ndarray) -> bool:
    """Whether a column has two values, missing being one."""
    first = column[0]
    return bool((column != first).any() if first == first else (~np.isnan(column)).any())


@dataclass(frozen=True, eq=False)
class Learned:
    """`predict` maps a matrix to raw scores, float64, (rows,) or (rows, classes).

    `rounds` is how many are worth keeping, of each member, 1 where nothing goes round; `booster` is LightGBM's, else None;
    of several members it is their mean, and holds no tree beyond. `stopped_on` names what said how many rounds, where that is not
    what the task stops on.
    """

    predict: Callable[[np.ndarray], np.ndarray]
    rounds: int = 1
    booster: Any = None
    members: int = 1
    stopped_on: str = ""

    @property
    def text(self) -> str:
        """The trees that count, as LightGBM's text."""
        return trees(self.booster, self.rounds if self.members == 1 else -1)


def _lightgbm(lesson: Lesson, done: Callable[[int], None]) -> Learned:
    grown = [_grow(lesson, member, done) for member in range(lesson.members)]
    booster, rounds, _ = grown[0]
    keep = rounds
    if lesson.members > 1:
        texts = [trees(booster, best) for booster, best, _ in grown]
        booster, keep = lightgbm().Booster(model_str=merged(texts, booster.num_model_per_iteration())), -1
        rounds = round(float(np.mean([best for _, best, _ in grown])))

    threads, classes = lesson.threads, lesson.problem.classes  # and not the lesson: its matrix would live as long as the model

    def predict(matrix: np.ndarray) -> np.ndarray:
        if len(matrix) == 0:
            return np.empty((0, len(classes)) if classes else 0)
        return booster.predict(matrix, num_iteration=keep, num_threads=threads)

    stopped_on = next((steady for *_, steady in grown if steady), "")
    return Learned(predict, rounds, booster, lesson.members, stopped_on)


def _grow(lesson: Lesson, member: int, done: Callable[[int], None]) -> tuple[Any, int, str]:
    """One member's booster, how many of its rounds are best, and what said so where it is not what the task stops on."""

    def grown(metric: str) -> tuple[Any, int]:
        return boost(
            lesson.matrix, lesson.label, lesson.weight, lesson.columns, list(lesson.categories), lesson.params,
            lesson.seed + SEED_STEP * member, metric, lesson.rounds, lesson.early_stopping_rounds,
            lesson.threads, lambda at: done((lesson.rounds * member + at) // lesson.members), lesson.watched,
            lesson.task.objective(lesson.problem),
        )  # fmt: skip

    usual, steady = lesson.task.stop_on[lesson.problem.metric], lesson.task.steady
    booster, rounds = grown(usual)
    if lesson.watched is not None and rounds < FEW_ROUNDS and steady not in ("", usual):
        later, more = grown(steady)
        if more > rounds:
            return later, more, steady
    return booster, rounds, ""


def _linear(lesson: Lesson, done: Callable[[int], None]) -> Learned:
    predict = linear.fit(lesson.matrix, lesson.label, lesson.weight, lesson.categories, lesson.params, lesson.problem)
    done(lesson.rounds)
    return Learned(predict)


def _rule(lesson: Lesson, done: Callable[[int], None]) -> Learned:
    """The declared columns as they are; where a probability is wanted and is none, a number is first brought to (0, 1)."""
    missing = np.isnan(lesson.matrix).sum(axis=0)
    if missing.any():
        name = lesson.columns[int(missing.argmax())]
        raise AsofError(f"rule {name} of {lesson.problem.name} is missing in {missing.max()} rows; mend it in SQL")
    done(lesson.rounds)
    if lesson.problem.classes:
        return Learned(lambda matrix: matrix)
    values = lesson.matrix[:, 0]
    if lesson.task.span is None:
        return Learned(lambda matrix: matrix[:, 0])
    if values.min() >= 0 and values.max() <= 1:
        return Learned(lambda matrix: matrix[:, 0])
    middle, spread = values.mean(), values.std() or 1.0

    def squeezed(matrix: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp((middle - matrix[:, 0]) / spread))

    fitted = calibrate.platt(squeezed(lesson.matrix), lesson.label, lesson.weight)
    return Learned(lambda matrix: calibrate.apply(fitted, squeezed(matrix)))


LEARNERS: dict[str, Callable[[Lesson, Callable[[int], None]], Learned]] = {
    "lightgbm": _lightgbm,
    "linear": _linear,
    "rule": _rule,
}
