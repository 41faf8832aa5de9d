"""What differs between tasks once rows are arrays: what is learned, how that is calibrated, decided and priced, what is written.

One object a task. Who trains, scores, judges or draws asks `of(problem)`, and nothing else asks which task it is. What a
declaration may hold stands in `ml.problem.declared.spec`, how labels are read in `ml.problem.truth`, what is measured in
`ml.statistics`. Scores are arrays (rows,), or (rows, classes) where each class has a probability.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from ml.errors import AsofError
from ml.models import calibrate, conformal, decide
from ml.problem.declared.spec import QUANTILES
from ml.problem.problem import Problem

Answers = dict[str, np.ndarray]


class Task:
    """Whether something is true: scores are probabilities, and a row is flagged from a threshold on."""

    name: ClassVar[str] = "binary"
    # The ends between which the column `score` lies; None where it is a number like any other.
    span: ClassVar[tuple[float, float] | None] = (0.0, 1.0)
    # What there have to be fifty rows of, in words that follow.
    of_each: ClassVar[str] = " of each class"
    # Whether a decision is to flag a row or not, so that what was flagged then is what was decided.
    decides_flags: ClassVar[bool] = True
    # LightGBM's names for the metrics on which training stops early.
    stop_on: ClassVar[Mapping[str, str]] = {"roc_auc": "auc", "pr_auc": "average_precision", "log_loss": "binary_logloss"}

    # What says where to stop when the metric stops all but at once; "" where the metrics themselves move with every row.
    steady: ClassVar[str] = "binary_logloss"

    def objective(self, problem: Problem) -> dict[str, Any]:
        """What LightGBM is told to learn."""
        return {"objective": "binary"}

    def check(self, label: np.ndarray, weight: np.ndarray, part: str, problem: str) -> None:
        """AsofError where the labels of a part hold nothing to learn."""
        counted = np.unique(label[weight > 0])
        if len(counted) == 0:
            raise AsofError(
                f"the weights of all {len(label)} rows of the {part} part of {problem} are 0, so that nothing counts there; "
                "mend the column with meta.role weight in SQL, or declare other validation_days"
            )
        if len(counted) < 2:
            more = "" if weight.all() else f" that have a weight above 0 ({np.count_nonzero(weight)})"
            raise AsofError(
                f"all {len(label)} labels of the {part} part of {problem}{more} are {counted[0]:g}; "
                "there is nothing to learn: wait for more labels"
            )

    def uncalibrated(self, problem: Problem) -> dict[str, Any]:
        """The calibrator that changes nothing."""
        return calibrate.NONE

    def calibrate(
        self,
        problem: Problem,
        kind: str,
        raw: np.ndarray,
        label: np.ndarray,
        day: np.ndarray,
        weight: np.ndarray,
        sampling: float,
    ) -> dict[str, Any]:
        """A calibrator of the kind named, from raw scores of rows that were not learned from; it also undoes the sampling."""
        shift = float(np.log(sampling))
        raw = calibrate.apply(calibrate.shifted(calibrate.NONE, shift), raw)
        return calibrate.shifted(calibrate.of_kind(kind, raw, label, day, weight), shift)

    def renewed(self, calibrator: Mapping[str, Any], kind: str, score: np.ndarray, label: np.ndarray) -> Mapping[str, Any]:
        """The calibrator of the refit on all rows, now that scores of unseen rows are known up to the last one."""
        return calibrator

    def about(self, label: np.ndarray, problem: Problem) -> dict[str, Any]:
        """What a model says of the labels it learned from."""
        return {"label_rate": float(label.mean())}

    def limit(self, problem: Problem, score: np.ndarray) -> float | None:
        """From which score on a row is flagged; None where none is."""
        return decide.threshold(problem.decision, problem.costs, score)

    def decide(self, problem: Problem, score: np.ndarray, limit: float | None) -> np.ndarray:
        """What is decided by the scores, one value a row: what `cost` has a price for."""
        return score >= limit

    def flagged(self, problem: Problem, score: np.ndarray, limit: float | None) -> np.ndarray:
        """Which rows are acted on."""
        return self.decide(problem, score, limit)

    def cost(self, problem: Problem, label: np.ndarray, decided: np.ndarray) -> np.ndarray | None:
        """What each decision cost, in the unit of the declared costs; None where none are declared."""
        return decide.cost(label, decided, problem.costs)

    def dearest(self, problem: Problem) -> float | None:
        """The cost of the dearest single error; None where nobody can say."""
        return max(problem.costs.false_positive, problem.costs.false_negative)

    def headline(self, problem: Problem, score: np.ndarray) -> np.ndarray:
        """The one number a row that stands in the column `score`."""
        return score

    def columns(self, problem: Problem) -> dict[str, str]:
        """What a prediction holds beside what those of every task hold: the name and SQL type of each column."""
        return {}

    def answers(self, problem: Problem, calibrator: Mapping[str, Any], score: np.ndarray, rule: np.ndarray) -> Answers:
        """The values of these columns."""
        return {}

    def of_rule(self, problem: Problem, score: np.ndarray, rule: np.ndarray) -> np.ndarray:
        """What the rule says of the same, one number a row."""
        return rule

    def push(self, moved: np.ndarray, flagged: np.ndarray) -> np.ndarray:
        """How much each feature is a reason, from what it added: of a flagged row what raised it, of another what lowered it."""
        return np.where(flagged[:, None], moved, -moved)

    def explained_class(self, problem: Problem, score: np.ndarray) -> np.ndarray | None:
        """The class that reasons are given for, by row; None where there is one score only."""
        return None

    def explains(self, problem: Problem, flagged: np.ndarray) -> np.ndarray:
        """The numbers of the rows that get reasons, if only those that are acted on do."""
        return np.flatnonzero(flagged)

    def rule_faults(self, problem: Problem, rule: np.ndarray) -> str:
        """Why the rule cannot be judged by the metric; empty where it can."""
        if problem.metric == "log_loss" and (rule.min() < 0 or rule.max() > 1):
            return f"rule {problem.rule} must be a probability to be judged by log_loss"
        return ""

    def counted(self, label: np.ndarray, problem: Problem) -> str:
        """What there is of the rarer kind of rows, in words that follow their number; and what is needed."""
        return f", {int(label.sum())} of them positive"


class Regression(Task):
    """How much: scores are numbers, with intervals around them."""

    name = "regression"
    span = None
    of_each = ""
    decides_flags = False
    stop_on: ClassVar[Mapping[str, str]] = {
        "mae": "l1", "rmse": "rmse", "r2": "rmse", **{f"pinball_{share}": "quantile" for share in QUANTILES},
    }  # fmt: skip
    steady = ""

    def objective(self, problem: Problem) -> dict[str, Any]:
        """The median for absolute errors, a quantile for its pinball loss, the mean for the rest."""
        if problem.metric == "mae":
            return {"objective": "regression_l1"}
        if problem.metric.startswith("pinball_"):
            return {"objective": "quantile", "alpha": int(problem.metric.removeprefix("pinball_")) / 100}
        return {"objective": "regression"}

    def uncalibrated(self, problem: Problem) -> dict[str, Any]:
        """Without intervals."""
        return conformal.uncalibrated(problem.label_range)

    def calibrate(self, problem, kind, raw, label, day, weight, sampling):
        """Intervals from the errors of these rows; rows of weight 0 say nothing."""
        counts = weight > 0
        return conformal.fit(raw[counts], label[counts], problem.label_range)

    def renewed(self, calibrator, kind, score, label):
        """Intervals from the latest errors there are."""
        return conformal.fit(score, label, conformal.ends_of(calibrator))

    def about(self, label, problem):
        """Mean and standard deviation."""
        return {"label_mean": float(label.mean()), "label_deviation": float(label.std())}

    def limit(self, problem, score):
        """As declared; by default nothing is acted on."""
        share = problem.decision.capacity_share
        return problem.decision.threshold if share is None else float(np.quantile(score, 1 - share, method="higher"))

    def decide(self, problem, score, limit):
        """The number itself is what people plan with."""
        return score

    def flagged(self, problem, score, limit):
        """From the threshold on."""
        return np.zeros(len(score), dtype=bool) if limit is None else score >= limit

    def cost(self, problem, label, decided):
        """So much a unit too low, so much a unit too high (the newsvendor's: Arrow, Harris and Marschak 1951)."""
        if problem.costs is None:
            return None
        return problem.costs.under * np.maximum(label - decided, 0) + problem.costs.over * np.maximum(decided - label, 0)

    def dearest(self, problem):
        """How far a prediction may be off has no end."""
        return None

    def columns(self, problem):
        """The ends of the intervals."""
        return {f"{end}_{level}": "double" for level in conformal.LEVELS for end in ("low", "high")}

    def answers(self, problem, calibrator, score, rule):
        """The ends of the intervals; missing where there are none."""
        found = conformal.ranges(calibrator, score)
        none = np.full(len(score), np.nan)
        return {f"{end}_{level}": found.get(level, (none, none))[at]
                for level in conformal.LEVELS for at, end in enumerate(("low", "high"))}  # fmt: skip

    def push(self, moved, flagged):
        """What moved a number most, up or down."""
        return np.abs(moved)

    def explains(self, problem, flagged):
        """All rows, where nothing says which are acted on."""
        decision = problem.decision
        nothing = decision.threshold is None and decision.capacity_share is None
        return np.arange(len(flagged)) if nothing else np.flatnonzero(flagged)

    def rule_faults(self, problem, rule):
        """Any number will do."""
        return ""

    def counted(self, label, problem):
        """All rows are of one kind."""
        return ""


class Multiclass(Task):
    """Which one: scores are a probability for each class, in the declared order."""

    name = "multiclass"
    of_each = " of the most frequent class and of all others"
    decides_flags = False
    stop_on: ClassVar[Mapping[str, str]] = dict.fromkeys(("log_loss", "macro_roc_auc"), "multi_logloss")
    steady = ""

    def objective(self, problem: Problem) -> dict[str, Any]:
        """One tree a class and round. Also for areas the log loss tells where to stop, because every class counts in it."""
        return {"objective": "multiclass", "num_class": len(problem.classes)}

    def uncalibrated(self, problem: Problem) -> dict[str, Any]:
        """Each class as it is."""
        return {"kind": "one_vs_rest", "classes": [dict(calibrate.NONE) for _ in problem.classes]}

    def calibrate(self, problem, kind, raw, label, day, weight, sampling):
        """Each class against all others."""
        return calibrate.one_vs_rest(kind, raw, label, day, weight)

    def about(self, label, problem):
        """The share of each class."""
        return {"class_shares": (np.bincount(label.astype(np.int64), minlength=len(problem.classes)) / len(label)).tolist()}

    def limit(self, problem, score):
        """A class has none."""
        return None

    def decide(self, problem, score, limit):
        """The class that costs least in expectation: of the highest probability × cost of missing it (Elkan 2001)."""
        return (score * self._prices(problem)).argmax(axis=1)

    def _prices(self, problem: Problem) -> np.ndarray:
        return np.array([1.0 if problem.costs is None else problem.costs[name] for name in problem.classes])

    def flagged(self, problem, score, limit):
        """Whatever is not the first class, which needs no action."""
        return self.decide(problem, score, limit) != 0

    def cost(self, problem, label, decided):
        """What it costs to have predicted another class than that of the row."""
        if problem.costs is None:
            return None
        return np.where(decided == label, 0.0, self._prices(problem)[label.astype(np.int64)])

    def dearest(self, problem):
        """That of the dearest class."""
        return None if problem.costs is None else max(problem.costs.values())

    def headline(self, problem, score):
        """The probability of the class that is predicted."""
        return score[np.arange(len(score)), self.decide(problem, score, None)]

    def columns(self, problem):
        """The predicted class, and the probability of each by model and rule."""
        each = [f"{who}_{name}" for who in ("score", "rule") for name in problem.classes]
        return {"predicted": "varchar", **dict.fromkeys(each, "double")}

    def answers(self, problem, calibrator, score, rule):
        """The values of these columns."""
        said = {"predicted": np.array(problem.classes)[self.decide(problem, score, None)]}
        for who, values in (("score", score), ("rule", rule)):
            said |= {f"{who}_{name}": values[:, at] for at, name in enumerate(problem.classes)}
        return said

    def of_rule(self, problem, score, rule):
        """The rule's probability of the class that the model predicts."""
        return rule[np.arange(len(rule)), self.decide(problem, score, None)]

    def push(self, moved, flagged):
        """What speaks for the class."""
        return moved

    def explained_class(self, problem, score):
        """The one that is predicted."""
        return self.decide(problem, score, None)

    def rule_faults(self, problem, rule):
        """Its probabilities have been read as such."""
        return ""

    def counted(self, label, problem):
        """How many rows are not of the most frequent class."""
        rows = np.bincount(label.astype(np.int64), minlength=len(problem.classes))
        return f", {int(len(label) - rows.max())} of them not {problem.classes[int(rows.argmax())]}"


TASKS: dict[str, Task] = {task.name: task for task in (Task(), Regression(), Multiclass())}


def of(problem: Problem) -> Task:
    """What the task of a problem does its own way."""
    return TASKS[problem.task]
