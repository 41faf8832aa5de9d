"""How a metric, an interval and a state of health are said on any page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ml.problem import words
from ml.problem.declared.spec import QUANTILES
from ml.problem.problem import Problem
from ml.problem.words import Words
from ml.statistics.evaluate import BOUNDS, NAMED
from ml.statistics.interval import Interval, figures, is_everything

METRICS = {
    "roc_auc": "ROC AUC", "pr_auc": "PR AUC", "log_loss": "log loss", "brier": "Brier score", "ece": "calibration error",
    "mae": "mean absolute error", "rmse": "root mean square error", "r2": "R²", "macro_roc_auc": "mean ROC AUC of the classes",
    "accuracy": "accuracy", "coverage_80": "within 80 %", "coverage_95": "within 95 %",
    **{f"pinball_{share}": f"pinball loss at {share} %" for share in QUANTILES},
}  # fmt: skip
# The word, its colour, and what it means in a sentence.
STATES = {
    "HEALTHY": ("Healthy", "good", "The model is healthy."),
    "WATCH": ("Watch", "warn", "The model works, and something asks for a look."),
    "FAILING": ("Failing", "bad", "Something is broken: do not trust the scores until it is mended."),
    "UNWATCHED": ("Unwatched", "calm", "Nobody knows: the monitors have not been looked at."),
    "BLIND": ("Blind", "calm", "Nobody can say yet whether the model is healthy."),
    "NO MODEL": ("No model", "calm", "No model is champion."),
}

# What each gate of a verdict asks, in the order of docs/validation.md.
GATES = {
    "enough": "rows enough to judge by",
    "same_world": "test rows like those before",
    "beats_rule": "better than the rule",
    "not_worse": "not worse than the champion",
    "slices": "no group of rows worse",
    "value": "decisions cost no more",
    "calibrated": "scores come true as often as they say",
    "covers_80": "intervals of 80 % hold the truth",
    "covers_95": "intervals of 95 % hold the truth",
    "slope": "scores neither too extreme nor too close to the mean",
    "parity": "same scores in serving as in training",
    "latency": "quick enough",
    "memory": "memory within the budget",
    "size": "size within the budget",
    "fresh": "data as new as the champion's",
    "repeatable": "comes out the same when trained again",
}
VERDICTS = "PROMOTE: all gates hold. KEEP: one fails. INCONCLUSIVE: none fails, but these rows cannot prove everything."
# How to read a metric: which way is better, and what it is at best and without any skill.
READ = {
    "roc_auc": "1 is perfect, 0.5 is chance",
    "pr_auc": "1 is perfect, the share of rows that come true is chance",
    "r2": "1 is perfect, 0 is the mean of all",
    "macro_roc_auc": "1 is perfect, 0.5 is chance",
    "accuracy": "the share of rows that are right",
    "log_loss": "0 is perfect, lower is better",
    "brier": "0 is perfect, lower is better",
}


def read(metric: str) -> str:
    """How to read a metric, such as `1 is perfect, 0.5 is chance`."""
    return READ.get(metric, "0 is perfect, lower is better" if NAMED[metric].sign < 0 else "higher is better")


def gate(name: str, say: Callable[[str], Words]) -> str:
    """What a gate asks, as people read it; `say` says a column of the problem."""
    column, there, value = name.removeprefix("slice ").partition("=")
    return f"group: {say(column).say(value)}" if there and name.startswith("slice ") else GATES.get(name, name)


def reason(one: Mapping[str, Any], asked: Iterable[Mapping[str, Any]], say: Callable[[str], Words]) -> str:
    """What a gate or a verdict found, with metric and slices in words; `asked` are all gates of the verdict."""
    text, names = one["reason"], (other["gate"] for other in asked if other["gate"].startswith("slice "))
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name.removeprefix("slice "), f"“{gate(name, say).removeprefix('group: ')}”")
    return re.sub(rf"\b({'|'.join(METRICS)})\b(?= [+-])", lambda found: METRICS[found[0]], text)


def spelled(text: str, problem: Problem, form: Callable[[str, str], str]) -> str:
    """A text in which the name of a feature stands as `form(name, words)`. A name without `_` is a word already and stays."""
    names = sorted((name for name in problem.feature_names if "_" in name), key=len, reverse=True)
    if not names:
        return text
    return re.sub(rf"\b({'|'.join(names)})\b", lambda found: form(found[0], words.of(problem, found[0]).name), text)


def of_one(problem: Problem) -> str:
    """What one row is about, as the entity's description begins: `The meter.` is meter; its name where that is long."""
    said = re.split(r"[:,;(]", words.of(problem, problem.entity).about)[0].strip().removeprefix("the ")
    return said if said and len(said) <= 30 else problem.entity.replace("_", " ")


def too_few(estimate: float) -> str:
    """What is said of an estimate whose interval says nothing."""
    return "too few rows to say" + ("" if estimate != estimate else f" ({estimate:.3f} of these)")


def interval(one: Interval) -> str:
    """`0.774 (0.761–0.788)`; in words where the interval holds all that the metric can be."""
    if one.says_nothing:
        return too_few(one.estimate)
    return f"{one.estimate:.3f} ({one.low:.3f}–{one.high:.3f})"


def measured(metric: str, value: float | None, low: float | None, high: float | None) -> str:
    """The same of a metric as the monitors have it: the value alone where there is no interval, `–` where there is none."""
    if value is None or low is None or high is None:
        return "–" if value is None else f"{value:.3f}"
    if is_everything(low, high, *BOUNDS[metric]):
        return too_few(value)
    return f"{value:.3f} ({low:.3f}–{high:.3f})"


def signed(one: Interval) -> str:
    """`+0.0862 (+0.0741 to +0.0983)`; in words where the interval says nothing."""
    return figures(one)
