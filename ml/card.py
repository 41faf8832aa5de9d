"""The numbers of a model card: how good a score is on some rows, in every way that a reader may ask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml import curves, decide
from ml.bootstrap import Interval, interval
from ml.problem import Costs
from ml.reliability import Bin, reliability

METRICS = ("roc_auc", "pr_auc", "log_loss", "brier", "ece")
# Half of a verdict's: these are read, none of them decides.
RESAMPLES = 200
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


def evidence(label: np.ndarray, score: np.ndarray, cluster: np.ndarray, resamples: int = RESAMPLES) -> Evidence:
    """Everything about `score` against `label`; metrics with 95 % intervals over clusters."""
    counts = tuple(np.histogram(score[label == truth], bins=BINS, range=(0, 1))[0] for truth in (0, 1))
    return Evidence(
        len(label), int(label.sum()), len(np.unique(cluster)),
        {name: interval(name, label, score, cluster, resamples=resamples) for name in METRICS},
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
