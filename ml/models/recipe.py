"""A recipe: everything that decides how rows become a model. Training follows the declared one, an experiment another."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ml.models import calibrate, footprint, tasks
from ml.models.learn import LEARNERS, Learned, Lesson, Progress
from ml.problem.encode import fingerprint
from ml.problem.problem import Problem
from ml.problem.rows import Rows
from ml.problem.split import days

# A refit sees more rows than the fit that found the best round, so it overfits later: rounds grow with the
# square root of the rows, and by at most a half, because nothing verified them on rows not seen.
GROWTH, GROWTH_LIMIT = 0.5, 1.5


@dataclass(frozen=True)
class Recipe:
    """How to make a model.

    `params` are the algorithm's own (`ml.models.learn`); `window_days` None means all of history, and is applied by
    who picks the rows; `calibration` is auto or a kind of `ml.models.calibrate`; `sampling` is the share of negatives
    that the algorithm sees: the calibrator puts the scores right for it. `members` boosters with seeds of their
    own are fitted, and their mean (`ml.models.ensemble`) is the model.
    """

    features: tuple[str, ...]
    params: Mapping[str, Any]
    rounds: int
    early_stopping_rounds: int
    seed: int
    window_days: int | None = None
    algorithm: str = "lightgbm"
    calibration: str = "auto"
    sampling: float = 1.0
    members: int = 1

    @classmethod
    def of(cls, problem: Problem) -> Recipe:
        """The declared one."""
        spec = problem.training
        return cls(
            features=problem.feature_names,
            params=spec.params,
            rounds=spec.rounds,
            early_stopping_rounds=spec.early_stopping_rounds,
            seed=spec.seed,
            window_days=spec.window_days,
            calibration=spec.calibration,
            sampling=spec.sampling,
            members=spec.members,
        )


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a fit leaves.

    `learned` maps a matrix to raw probabilities, `columns` and `categories` say how rows become that matrix;
    `calibrator` is a dict of `ml.models.calibrate`, which also undoes the sampling. `data_sha256` covers every number
    that was trained on, in order.
    """

    recipe: Recipe
    learned: Learned
    columns: tuple[str, ...]
    categories: Mapping[str, Sequence[str]]
    calibrator: Mapping[str, Any]
    rows: int
    data_sha256: str
    seconds: float

    def raw(self, rows: Rows, chosen: np.ndarray | None = None) -> np.ndarray:
        """Uncalibrated scores of the rows numbered `chosen` (None: all), float64."""
        return self.learned.predict(rows.matrix(self.columns, self.categories, chosen))

    def predict(self, rows: Rows, chosen: np.ndarray | None = None) -> np.ndarray:
        """Calibrated scores, float64; probabilities within [1e-6, 1 - 1e-6]."""
        return calibrate.apply(self.calibrator, self.raw(rows, chosen))


def fit(
    rows: Rows,
    recipe: Recipe,
    train: np.ndarray,
    validation: np.ndarray,
    *,
    learn: np.ndarray | None = None,
    threads: int = 2,
    on_progress: Progress | None = None,
) -> Fitted:
    """Learn from the rows numbered `train`, stop early and calibrate on those numbered `validation`.

    `learn` is another label (0/1, one a row) for the algorithm to learn; calibration looks at the declared one all the
    same. Same rows, order and recipe: same result, whatever `threads`. AsofError when labels, weights or features do not do.
    """
    started, on_progress = time.perf_counter(), on_progress or _silent
    made = _learn(rows, recipe, learn, train, validation, recipe.rounds, threads, on_progress, "first fit")
    on_progress("calibrate", 0, len(validation))
    found = tasks.of(rows.problem).calibrate(
        rows.problem, recipe.calibration, made.raw(rows, validation), rows.label[validation], days(rows.as_of[validation]),
        _weights(rows, validation), recipe.sampling,
    )  # fmt: skip
    return replace(made, calibrator=found, seconds=time.perf_counter() - started)


def refit(
    fitted: Fitted,
    rows: Rows,
    chosen: np.ndarray,
    *,
    learn: np.ndarray | None = None,
    threads: int = 2,
    on_progress: Progress | None = None,
    stage: str = "challenger",
) -> Fitted:
    """The same recipe on the rows `chosen`, usually all that are known, with the rounds and calibrator that `fitted` found."""
    started, best = time.perf_counter(), fitted.learned.rounds
    growth = min(GROWTH_LIMIT, max(1.0, (len(chosen) / fitted.rows) ** GROWTH))
    made = _learn(rows, fitted.recipe, learn, chosen, None, max(1, round(best * growth)), threads, on_progress or _silent, stage)
    return replace(made, calibrator=fitted.calibrator, seconds=time.perf_counter() - started)


def _learn(
    rows: Rows,
    recipe: Recipe,
    learn: np.ndarray | None,
    train: np.ndarray,
    validation: np.ndarray | None,
    rounds: int,
    threads: int,
    on_progress: Progress,
    stage: str,
) -> Fitted:
    """The algorithm alone; not calibrated."""
    problem, label = rows.problem, rows.label if learn is None else learn
    columns = problem.rules if recipe.algorithm == "rule" else recipe.features
    known = {name: rows.columns[name].take(train).present() for name in problem.texts if name in columns}
    matrix, truth, weight = rows.matrix(columns, known, train), label[train], _weights(rows, train)
    digest = fingerprint(matrix, truth, weight)
    kept = _sampled(truth, recipe)
    lesson = Lesson(
        matrix=matrix if kept.all() else matrix[kept],
        label=truth[kept],
        weight=weight[kept],
        columns=columns,
        categories={columns.index(name): len(levels) for name, levels in known.items()},
        watched=None
        if validation is None
        else (rows.matrix(columns, known, validation), label[validation], _weights(rows, validation)),
        params=recipe.params,
        seed=recipe.seed,
        rounds=rounds,
        early_stopping_rounds=recipe.early_stopping_rounds,
        threads=threads,
        problem=problem,
        members=recipe.members,
    )
    lesson.check()
    learned = LEARNERS[recipe.algorithm](lesson, lambda done: on_progress(stage, done, rounds))
    footprint.give_back()  # or the next fit takes as much again beside what this one freed
    uncalibrated = tasks.of(problem).uncalibrated(problem)
    return Fitted(recipe, learned, columns, known, uncalibrated, len(train), digest, 0.0)


def _weights(rows: Rows, chosen: np.ndarray) -> np.ndarray:
    return np.ones(len(chosen)) if rows.weight is None else rows.weight[chosen]


def _sampled(label: np.ndarray, recipe: Recipe) -> np.ndarray:
    """True where a row is kept: every positive, and each negative with the recipe's probability."""
    if recipe.sampling >= 1:
        return np.ones(len(label), dtype=bool)
    return (label == 1) | (np.random.default_rng(recipe.seed).random(len(label)) < recipe.sampling)


def _silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""
