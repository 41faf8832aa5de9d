"""The numbers of a model card: how good a score is on some rows, in every way that a reader may ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ml.models import conformal, decide, tasks
from ml.problem.declared.spec import Costs
from ml.problem.problem import Problem
from ml.statistics import bootstrap, curves, influence
from ml.statistics.evaluate import CLASSES
from ml.statistics.interval import Interval
from ml.statistics.reliability import Bin, reliability

METRICS = ("roc_auc", "pr_auc", "log_loss", "brier", "ece")
BINS = 40


@dataclass(frozen=True)
class Decisions:
    """What a threshold does to the rows: how many of each kind, and what that costs a row beside doing the same to all."""

    threshold: float
    hits: int
    false_alarms: int
    missed: int
    rest: int
    cost: float
    cost_of_none: float
    cost_of_all: float

    @property
    def precision(self) -> float:
        """Share of flagged rows that are positive; NaN when none is flagged."""
        return self.hits / (self.hits + self.false_alarms) if self.hits + self.false_alarms else float("nan")

    @property
    def recall(self) -> float:
        """Share of positives that are flagged; NaN when there is none."""
        return self.hits / (self.hits + self.missed) if self.hits + self.missed else float("nan")


@dataclass(frozen=True)
class Evidence:
    """One score on one set of rows. `histogram` counts negatives and positives in `BINS` equal bins of [0, 1]."""

    rows: int
    positives: int
    clusters: int
    metrics: dict[str, Interval]
    reliability: list[Bin]
    roc: curves.Curve
    precision_recall: curves.Curve
    gains: curves.Curve
    histogram: tuple[np.ndarray, np.ndarray]


def evidence(label: np.ndarray, score: np.ndarray, cluster: np.ndarray, overlap: int = 1) -> Evidence:
    """Everything about `score` against `label`; metrics with 95 % intervals over clusters (`overlap` as in `influence`)."""
    counts = tuple(np.histogram(score[label == truth], bins=BINS, range=(0, 1))[0] for truth in (0, 1))
    return Evidence(
        len(label), int(label.sum()), len(np.unique(cluster)),
        {name: _interval(name, label, score, cluster, overlap) for name in METRICS},
        reliability(label, score, cluster),
        *(curves.thinned(make(label, score)) for make in (curves.roc, curves.precision_recall, curves.gains)),
        counts,
    )  # fmt: skip


def decisions(label: np.ndarray, score: np.ndarray, threshold: float, costs: Costs) -> Decisions:
    """What flagging every score of at least `threshold` does."""
    label, flagged = np.asarray(label) == 1, np.asarray(score) >= threshold
    counts = (flagged & label, flagged & ~label, ~flagged & label, ~flagged & ~label)
    blind = (decide.cost(label, np.full(len(label), flag), costs).mean() for flag in (False, True))
    return Decisions(
        threshold, *(int(one.sum()) for one in counts), float(decide.cost(label, flagged, costs).mean()), *map(float, blind)
    )


@dataclass(frozen=True)
class Numbers:
    """Predicted numbers on one set of rows. `middle`: by bins of predictions, the mean prediction and the mean truth.

    `covered` is how often the truth lay within the interval of a level, in per cent; empty where there are none.
    """

    rows: int
    clusters: int
    metrics: dict[str, Interval]
    middle: list[Bin]
    covered: dict[int, Interval]


@dataclass(frozen=True)
class Classes:
    """Probabilities of classes on one set of rows. `reliability` by class; `confusion[i, j]` rows of class i decided as j."""

    rows: int
    clusters: int
    metrics: dict[str, Interval]
    reliability: dict[str, list[Bin]]
    confusion: np.ndarray


def found(
    problem: Problem,
    label: np.ndarray,
    score: np.ndarray,
    cluster: np.ndarray,
    calibrator: Mapping | None = None,
    overlap: int = 1,
) -> Evidence | Numbers | Classes:
    """Everything about `score` against `label`, by the task of the problem; `calibrator` has the intervals of numbers."""
    return FOUND[problem.task](problem, label, score, cluster, calibrator, overlap)


def _interval(metric: str, label: np.ndarray, score: np.ndarray, cluster: np.ndarray, overlap: int) -> Interval:
    if metric == "ece":
        return bootstrap.interval(metric, label, score, cluster)
    return influence.interval(metric, label, score, cluster, overlap=overlap)


def _numbers(problem, label, score, cluster, calibrator, overlap) -> Numbers:
    names = dict.fromkeys([problem.metric, "mae", "rmse", "r2"])
    ends = conformal.ranges(calibrator, score) if calibrator else {}
    held = {level: conformal.inside(label, one) for level, one in ends.items()}
    covered = {level: influence.mean_by(one, cluster, overlap=overlap).within(0.0, 1.0) for level, one in held.items()}
    edges = np.unique(np.quantile(score, np.linspace(0, 1, BINS // 4 + 1)[1:-1]))
    cell, middle = np.searchsorted(edges, score, side="right"), []
    for number in np.unique(cell):
        inside = cell == number
        truth = influence.mean_by(label[inside], cluster[inside], overlap=overlap)
        middle.append(Bin(float(score[inside].mean()), truth.estimate, truth.low, truth.high, int(inside.sum())))
    metrics = {name: _interval(name, label, score, cluster, overlap) for name in names}
    return Numbers(len(label), len(np.unique(cluster)), metrics, middle, covered)


def _classes(problem, label, score, cluster, calibrator, overlap) -> Classes:
    decided, size = tasks.of(problem).decide(problem, score, None), len(problem.classes)
    confusion = np.bincount(label.astype(np.int64) * size + decided, minlength=size * size).reshape(size, size)
    metrics = {name: _interval(name, label, score, cluster, overlap) for name in CLASSES}
    return Classes(
        len(label), len(np.unique(cluster)), metrics,
        {name: reliability((label == at).astype(np.float64), score[:, at], cluster) for at, name in enumerate(problem.classes)},
        confusion,
    )  # fmt: skip


FOUND = {
    "binary": lambda problem, label, score, cluster, calibrator, overlap: evidence(label, score, cluster, overlap),
    "regression": _numbers,
    "multiclass": _classes,
}


def paid(problem: Problem, label: np.ndarray, score: np.ndarray, limit: float | None) -> Decisions | float | None:
    """What deciding by the scores did: counted for a threshold, else what it cost a row; None where no costs are declared."""
    task = tasks.of(problem)
    if task.decides_flags:
        return decisions(label, score, limit, problem.costs)
    cost = task.cost(problem, label, task.decide(problem, score, limit))
    return None if cost is None else float(cost.mean())
