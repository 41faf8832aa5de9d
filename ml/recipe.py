"""A recipe: everything that decides how rows become a model. Training follows the declared one, an experiment another."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from ml import calibrate
from ml.encode import encode, fingerprint, levels
from ml.learn import LEARNERS, Learned, Lesson, Progress
from ml.problem import Problem
from ml.rows import labels, weights
from ml.split import days

# A refit sees more rows than the fit that found the best round, so it overfits later: rounds grow with the
# square root of the rows, and by at most a half, because nothing verified them on rows not seen.
GROWTH, GROWTH_LIMIT = 0.5, 1.5


@dataclass(frozen=True)
class Recipe:
    """How to make a model.

    `params` are the algorithm's own (`ml.learn`); `window_days` None means all of history, and is applied by
    who picks the rows; `calibration` is auto or a kind of `ml.calibrate`; `sampling` is the share of negatives
    that the algorithm sees: the calibrator puts the scores right for it. `members` boosters with seeds of their
    own are fitted, and their mean (`ml.ensemble`) is the model.
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

    @property
    def dtype(self) -> type[np.floating]:
        """Of the matrix: float32 halves the memory; the rule is compared digit by digit."""
        return np.float64 if self.algorithm == "rule" else np.float32


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a fit leaves.

    `learned` maps a matrix to raw probabilities, `columns` and `categories` say how rows become that matrix;
    `calibrator` is a dict of `ml.calibrate`, which also undoes the sampling. `data_sha256` covers every number
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

    def raw(self, table: pa.Table | pa.RecordBatch, rows: np.ndarray | None = None) -> np.ndarray:
        """Uncalibrated probabilities of the given rows of `table` (None: all), float64."""
        return self.learned.predict(encode(table, self.columns, self.categories, self.recipe.dtype, rows))

    def predict(self, table: pa.Table | pa.RecordBatch, rows: np.ndarray | None = None) -> np.ndarray:
        """Calibrated probabilities, float64 in [1e-6, 1 - 1e-6], one per given row."""
        return calibrate.apply(self.calibrator, self.raw(table, rows))


def fit(
    table: pa.Table,
    problem: Problem,
    recipe: Recipe,
    train: np.ndarray,
    validation: np.ndarray,
    *,
    learn: np.ndarray | None = None,
    threads: int = 2,
    report: Progress | None = None,
) -> Fitted:
    """Learn from the rows numbered `train`, stop early and calibrate on those numbered `validation`.

    `learn` is another label (0/1, one a row of `table`) for the algorithm to learn; calibration looks at the
    declared one all the same. Same rows, order and recipe: same result, whatever `threads`. AsofError when
    labels, weights or features do not do.
    """
    started, report = time.perf_counter(), report or _silent
    label, weight = labels(table, problem, np.concatenate([train, validation])), weights(table, problem)
    target = label if learn is None else learn
    made = _learn(table, problem, recipe, target, weight, train, validation, recipe.rounds, threads, report, "twin")
    report("calibrate", 0, len(validation))
    shift = float(np.log(recipe.sampling))
    raw = calibrate.apply(calibrate.shifted(calibrate.NONE, shift), made.raw(table, validation))
    day = days(table[problem.as_of])[validation]
    found = calibrate.of_kind(recipe.calibration, raw, label[validation], day, weight[validation])
    return replace(made, calibrator=calibrate.shifted(found, shift), seconds=time.perf_counter() - started)


def refit(
    fitted: Fitted,
    table: pa.Table,
    problem: Problem,
    rows: np.ndarray,
    *,
    learn: np.ndarray | None = None,
    threads: int = 2,
    report: Progress | None = None,
    stage: str = "challenger",
) -> Fitted:
    """The same recipe on `rows`, usually all that are known, with the rounds and the calibrator that `fitted` found."""
    started, best = time.perf_counter(), fitted.learned.rounds
    growth = min(GROWTH_LIMIT, max(1.0, (len(rows) / fitted.rows) ** GROWTH))
    target = labels(table, problem, rows) if learn is None else learn
    weight, rounds = weights(table, problem), max(1, round(best * growth))
    made = _learn(table, problem, fitted.recipe, target, weight, rows, None, rounds, threads, report or _silent, stage)
    return replace(made, calibrator=fitted.calibrator, seconds=time.perf_counter() - started)


def _learn(
    table: pa.Table,
    problem: Problem,
    recipe: Recipe,
    label: np.ndarray,
    weight: np.ndarray,
    rows: np.ndarray,
    validation: np.ndarray | None,
    rounds: int,
    threads: int,
    report: Progress,
    stage: str,
) -> Fitted:
    """The algorithm alone; not calibrated."""
    columns = (problem.rule,) if recipe.algorithm == "rule" else recipe.features
    texts = [name for name in problem.texts if name in columns]
    known = levels(table.select(texts).take(rows), texts)
    matrix = encode(table, columns, known, recipe.dtype, rows)
    digest = fingerprint(matrix, label[rows], weight[rows])
    kept = _sampled(label[rows], recipe)
    lesson = Lesson(
        matrix=matrix if kept.all() else matrix[kept],
        label=label[rows][kept],
        weight=weight[rows][kept],
        columns=columns,
        categories={columns.index(name): len(known[name]) for name in texts},
        watched=None
        if validation is None
        else (encode(table, columns, known, recipe.dtype, validation), label[validation], weight[validation]),
        params=recipe.params,
        seed=recipe.seed,
        metric=problem.metric,
        rounds=rounds,
        early_stopping_rounds=recipe.early_stopping_rounds,
        threads=threads,
        problem=problem.name,
        members=recipe.members,
    )
    lesson.check()
    learned = LEARNERS[recipe.algorithm](lesson, lambda done: report(stage, done, rounds))
    return Fitted(recipe, learned, columns, known, calibrate.NONE, len(rows), digest, 0.0)


def _sampled(label: np.ndarray, recipe: Recipe) -> np.ndarray:
    """True where a row is kept: every positive, and each negative with the recipe's probability."""
    if recipe.sampling >= 1:
        return np.ones(len(label), dtype=bool)
    return (label == 1) | (np.random.default_rng(recipe.seed).random(len(label)) < recipe.sampling)


def _silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""
