"""What a trial says, in numbers with intervals over clusters. Positive differences are better, also for losses."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ml.models import tasks
from ml.models.learn import Progress
from ml.problem.problem import Problem
from ml.statistics.evaluate import CLASSES, METRICS, NAMED, NUMBERS, by_kind, measure
from ml.statistics.influence import difference, interval, mean, mean_by, share
from ml.statistics.interval import Interval
from ml.studies.feasibility import worth
from ml.studies.feasibility.trial import CANDIDATES, Trial


@dataclass(frozen=True)
class Period:
    """One fold: its span, rows, label rate (of numbers their mean, of classes what is not the first), metric by candidate."""

    start: np.datetime64
    end: np.datetime64
    rows: int
    rate: Interval
    metric: dict[str, Interval]


@dataclass(frozen=True)
class Grown:
    """A point of the learning curve: days of history, the metric, and what twice as much history added to it."""

    days: float
    metric: Interval
    doubled: Interval | None


@dataclass(frozen=True)
class Findings:
    """All that the document and the recommendation need.

    `better` is model − rule, `bent` model − linear (what trees add to a line), `line` linear − rule; `stale` maps an age in
    folds to what a model of that age loses against a fresh one (positive: it loses), `late` is a model one fold too old − rule;
    `gain` is what the model saves more than the rule a row, in the unit of the costs, each at its own threshold. What costs would
    say is empty or None where none are declared; `curves` are those of probabilities.
    """

    metric: str
    rows: int
    clusters: int
    periods: tuple[Period, ...]
    fold_days: float
    pooled: dict[str, Interval]
    others: dict[str, dict[str, float]]
    better: Interval
    bent: Interval
    line: Interval
    stale: dict[int, Interval]
    late: Interval
    learning: tuple[Grown, ...]
    worth: dict[str, worth.Worth]
    curves: dict[str, tuple[np.ndarray, np.ndarray]]
    gain: Interval | None
    lead: Interval | None
    importances: dict[str, float]

    @property
    def won(self) -> int:
        """In how many folds the model is ahead of the rule."""
        ahead = [one.metric["model"].estimate - one.metric["rule"].estimate for one in self.periods]
        return sum(NAMED[self.metric].sign * by > 0 for by in ahead)

    def keeps(self, margin: float) -> float:
        """How many days more than a fresh one a frozen model is shown to lose no more than `margin`; 0: not even a fold."""
        kept = 0
        for age in sorted(self.stale):
            if self.stale[age].high > margin:
                break
            kept = age
        return kept * self.fold_days


def find(trial: Trial, problem: Problem, on_progress: Progress = lambda *_: None) -> Findings:
    """The numbers of a trial."""
    metric, alpha = problem.metric, problem.alpha
    model, rule, linear = (trial.scores[name] for name in ("model", "rule", "linear"))
    steps = iter(range(1, 100))
    total = 3 * (len(trial.folds) + 1) + 3 + 2 * len(trial.aged) + 2 * len(trial.learning)

    def one(score: np.ndarray, rows: np.ndarray) -> Interval:
        on_progress("intervals", next(steps), total)
        weight = None if trial.weight is None else trial.weight[rows]
        return interval(metric, trial.label[rows], score[rows], trial.cluster[rows], weight, alpha, trial.overlap)

    def pair(a: np.ndarray, b: np.ndarray) -> Interval:
        on_progress("intervals", next(steps), total)
        rows = np.flatnonzero(_there(a) & _there(b))
        weight = None if trial.weight is None else trial.weight[rows]
        return difference(metric, trial.label[rows], [a[rows]], [b[rows]], trial.cluster[rows], weight, alpha, trial.overlap)

    everywhere = np.arange(len(trial.label))
    periods = []
    for fold in trial.folds:
        rows = np.flatnonzero(trial.fold == fold.number)
        found = {name: one(trial.scores[name], rows) for name in CANDIDATES}
        periods.append(Period(fold.start, fold.end, len(rows), _rate(trial, problem, rows), found))
    priced = {
        name: worth.worth(problem, trial.label, trial.scores[name], trial.cluster, trial.fold, trial.overlap)
        for name in CANDIDATES
    }
    decided = {name: one for name, one in priced.items() if one is not None}

    def saved_more(than: str) -> Interval | None:
        if not decided:
            return None
        return mean_by(decided["model"].saved - decided[than].saved, trial.cluster, problem.alpha, trial.overlap)

    curves = {}
    if tasks.of(problem).decides_flags:
        curves = {name: worth.curve(problem, trial.label, trial.scores[name]) for name in CANDIDATES}
    kinds = by_kind(metric, model, tuple(METRICS), tuple(dict.fromkeys([metric, "mae", "rmse", "r2"])), tuple(CLASSES))
    shares = sorted(trial.learning)
    grown = []
    for share_, following in pairwise([*shares, None]):
        score = trial.learning[share_]
        doubled = pair(trial.learning[following], score) if following else None
        grown.append(Grown(trial.history_days[share_], one(score, np.flatnonzero(_there(score))), doubled))
    gains = trial.newest.learned.booster.feature_importance("gain")
    order = np.argsort(-gains, kind="stable")
    result = Findings(
        metric=metric,
        rows=len(trial.label),
        clusters=len(np.unique(trial.cluster)),
        periods=tuple(periods),
        fold_days=trial.fold_days,
        pooled={name: one(trial.scores[name], everywhere) for name in CANDIDATES},
        others={
            name: {other: measure(other, trial.label, trial.scores[name], trial.weight) for other in kinds} for name in CANDIDATES
        },
        better=pair(model, rule),
        bent=pair(model, linear),
        line=pair(linear, rule),
        stale={age: pair(model, score) for age, score in trial.aged.items()},
        late=pair(trial.aged[1], rule),
        learning=tuple(grown),
        worth=decided,
        curves=curves,
        gain=saved_more("rule"),
        lead=saved_more("linear"),
        importances={trial.newest.columns[i]: float(gains[i] / max(gains.sum(), 1e-300)) for i in order},
    )
    on_progress("intervals", total, total)
    return result


def _there(score: np.ndarray) -> np.ndarray:
    """Which rows have scores."""
    return ~np.isnan(score.reshape(len(score), -1)).any(axis=1)


def _rate(trial: Trial, problem: Problem, rows: np.ndarray) -> Interval:
    label = trial.label[rows] != 0 if problem.classes else trial.label[rows]
    names, code = np.unique(trial.cluster[rows], return_inverse=True)
    of = mean if problem.metric in NUMBERS else share
    return of(np.bincount(code, label, len(names)), np.bincount(code, minlength=len(names)), problem.alpha, trial.overlap)
