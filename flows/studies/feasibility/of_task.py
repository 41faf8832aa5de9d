"""What a design document says in other words for each task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ml.problem.problem import Problem
from ml.statistics.interval import Interval


@dataclass(frozen=True)
class Said:
    """The words of one task; functions get the problem.

    `value`: SQL of the number that a label is shown as; `shown` what its mean is, `column` the same as a head, `rate` in a
    sentence; `kind` what there has to be enough of; `others`: metrics beside the declared one; `costs`: what an error costs.
    """

    value: Callable[[Problem], str]
    shown: Callable[[Problem], str]
    column: Callable[[Problem], str]
    rate: Callable[[Problem, float], str]
    mean: Callable[[Interval], str]
    kind: str
    others: tuple[str, ...]
    costs: Callable[[Problem], str]
    blind: str
    linear: str


def _percent(one: Interval) -> str:
    """`26.1% (22.4%–29.8%)`."""
    return f"{one.estimate:.1%} ({one.low:.1%}–{one.high:.1%})"


SAID = {
    "binary": Said(
        value=lambda problem: f"cast({problem.label} as double)",
        shown=lambda problem: "Share of positive labels",
        column=lambda problem: "positive",
        rate=lambda problem, mean: f"{mean:.1%} are positive",
        mean=_percent,
        kind="of the rarer class",
        others=("pr_auc", "log_loss", "ece"),
        costs=lambda problem: f"A false alarm costs {problem.costs.false_positive:g}, a miss {problem.costs.false_negative:g}",
        blind="savings count against the better of flagging all and none",
        linear="logistic regression",
    ),
    "regression": Said(
        value=lambda problem: f"cast({problem.label} as double)",
        shown=lambda problem: "Mean label",
        column=lambda problem: "mean",
        rate=lambda problem, mean: f"their mean is {mean:,.4g}",
        mean=lambda one: f"{one.estimate:,.4g} ({one.low:,.4g}–{one.high:,.4g})",
        kind="rows",
        others=("mae", "rmse", "r2"),
        costs=lambda problem: f"A unit too low costs {problem.costs.under:g}, a unit too high {problem.costs.over:g}",
        blind="savings count against the one number that costs least for all rows",
        linear="ridge regression",
    ),
    "multiclass": Said(
        value=lambda problem: f"cast({problem.label} <> '{problem.classes[0]}' as double)",
        shown=lambda problem: f"Share of labels that are not {problem.classes[0]}",
        column=lambda problem: f"not {problem.classes[0]}",
        rate=lambda problem, mean: f"{mean:.1%} are not {problem.classes[0]}",
        mean=_percent,
        kind="of the most frequent class, or of all others",
        others=("log_loss", "macro_roc_auc", "accuracy", "ece"),
        costs=lambda problem: "Missing a class costs " + ", ".join(f"{cost:g} ({name})" for name, cost in problem.costs.items()),
        blind="savings count against the one class that costs least for all rows",
        linear="logistic regression",
    ),
}  # fmt: skip


def of(problem: Problem) -> Said:
    """The words for a problem."""
    return SAID[problem.task]
