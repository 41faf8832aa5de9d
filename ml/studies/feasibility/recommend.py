"""ML, the rule, or not yet: what measured numbers say against stated limits. A pure function, no judgement left over.

Criteria are asked in the order of the list. One that does not hold names the answer it leads to; where several do not hold,
"not yet" for want of labels comes first, because then nothing else was measured, then the rule, then "not yet" for the rest.
One that could not be asked, because a price or a limit is not declared, decides nothing and is listed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, isfinite

from ml.statistics.evaluate import NAMED
from ml.statistics.interval import Interval
from ml.statistics.slices import MIN_CLUSTERS, MIN_OF_CLASS, counts_enough
from ml.studies.feasibility.trial import FEWEST_FOLDS

ML, RULE, NOT_YET = "ML", "rule", "not yet"
QUALITY, COST, MAINTENANCE = "quality", "cost", "maintenance"
# A lead that a single good month carries is no lead: two of three must show it.
FOLDS_WON = 2 / 3


@dataclass(frozen=True)
class Evidence:
    """What the criteria look at. None where nothing was measured or declared.

    `better` and `late` are model − rule in `metric`, fresh and one fold too old; `gain` is what the model saves more than the
    rule a month, `extra_cost` what it costs more a month, both in `currency`; hours are those of people a month. `kind` says what
    `positives` and `negatives` are the numbers of: of numbers both are all rows.
    """

    metric: str
    positives: int
    negatives: int
    clusters: int
    folds: int
    kind: str = "of the rarer class"
    better: Interval | None = None
    won: int | None = None
    late: Interval | None = None
    late_days: float | None = None
    gain: Interval | None = None
    extra_cost: float | None = None
    currency: str | None = None
    train_seconds: float | None = None
    train_limit: float | None = None
    memory_mb: float | None = None
    memory_limit: float | None = None
    batch_seconds: float | None = None
    batch_limit: float | None = None
    ml_hours: float | None = None
    capacity_hours: float | None = None


@dataclass(frozen=True)
class Criterion:
    """One question: what was measured, against which limit, whether it holds (None: could not be asked), and why it is asked.

    `otherwise` is the answer that it leads to when it does not hold.
    """

    name: str
    group: str
    measured: str
    limit: str
    holds: bool | None
    otherwise: str
    reason: str


@dataclass(frozen=True)
class Recommendation:
    """The answer, the criteria behind it, and the reasons in a sentence each: those that decided."""

    answer: str
    criteria: tuple[Criterion, ...]
    because: tuple[str, ...]

    @property
    def open(self) -> tuple[Criterion, ...]:
        """The criteria that could not be asked."""
        return tuple(one for one in self.criteria if one.holds is None)


def recommend(evidence: Evidence) -> Recommendation:
    """The recommendation that follows from the evidence."""
    criteria = tuple(ask(evidence) for ask in CRITERIA)
    failed = [one for one in criteria if one.holds is False]
    decisive = [one for one in failed if one.name in FIRST] or [one for one in failed if one.otherwise == RULE] or failed
    answer = decisive[0].otherwise if decisive else ML
    named = decisive or [one for one in criteria if one.holds]
    return Recommendation(answer, criteria, tuple(f"{one.name}: {one.measured}, limit {one.limit}" for one in named))


def periods_to_show(better: Interval, periods: int) -> int | None:
    """How many periods would show a lead that is as large as measured; None where it is shown already, or nobody can say.

    An interval narrows with the root of what it is measured on.
    """
    if better.low > 0 or better.estimate <= 0 or not isfinite(better.low):
        return None
    return max(periods + 1, ceil(periods * ((better.estimate - better.low) / better.estimate) ** 2))


def enough_labels(e: Evidence) -> Criterion:
    """Rows enough to measure anything, of either kind."""
    fewest = min(e.positives, e.negatives)
    return Criterion(
        "enough labels", QUALITY, f"{fewest:,} {e.kind} on {e.clusters:,} days",
        f"{MIN_OF_CLASS} on {MIN_CLUSTERS} days", counts_enough(e.positives, e.negatives, e.clusters), NOT_YET,
        "with fewer, the error of the estimate is wider than any difference worth having",
    )  # fmt: skip


def enough_history(e: Evidence) -> Criterion:
    """Time enough to walk forward through."""
    return Criterion(
        "enough history", QUALITY, f"{e.folds} periods", f"{FEWEST_FOLDS}", e.folds >= FEWEST_FOLDS, NOT_YET,
        "a model has to show its lead more than once, on time that it has not seen",
    )  # fmt: skip


def beats_the_rule(e: Evidence) -> Criterion:
    """The lower bound of model − rule lies above 0."""
    return Criterion(
        "better than the rule", QUALITY, _interval(e.better, e.metric), "above 0", e.better and bool(e.better.low > 0), RULE,
        "what an analyst can write down in SQL is kept, unless something is shown to be better",
    )  # fmt: skip


def lasts(e: Evidence) -> Criterion:
    """Ahead in most folds."""
    return Criterion(
        "ahead most of the time", QUALITY, "not measured" if e.won is None else f"{e.won} of {e.folds} periods", "two of three",
        None if e.won is None else e.won >= FOLDS_WON * e.folds, RULE, "an average can be carried by one lucky stretch",
    )  # fmt: skip


def pays(e: Evidence) -> Criterion:
    """What it saves more than the rule exceeds what it costs more, lower bound against cost."""
    known = e.gain is not None and e.extra_cost is not None
    money = e.currency or "units"
    measured = f"{_money(e.gain)} {money} a month" if e.gain is not None else "not measured"
    return Criterion(
        "worth its cost", COST, measured, f"{e.extra_cost:,.0f} {money} a month" if e.extra_cost is not None else "not declared",
        bool(e.gain.low > e.extra_cost) if known else None, RULE,
        "people and machines cost the same every month, also in one where the model is of no use",
    )  # fmt: skip


def trains_in_budget(e: Evidence) -> Criterion:
    """A training fits the declared seconds."""
    return _below("training fits", COST, e.train_seconds, e.train_limit, "s", "the declared budget of a retraining")


def fits_in_memory(e: Evidence) -> Criterion:
    """A training fits the declared memory."""
    return _below("memory fits", COST, e.memory_mb, e.memory_limit, "MB", "what does not fit is killed in the night")


def batch_in_time(e: Evidence) -> Criterion:
    """A month's usual batch is out in the declared seconds."""
    return _below(
        "a batch is in time", COST, e.batch_seconds, e.batch_limit, "s", "a prediction after the decision is worth nothing"
    )


def survives_a_miss(e: Evidence) -> Criterion:
    """A model one fold too old is still better than the rule."""
    age = f"{e.late_days:.0f} days too old: " if e.late_days is not None and e.late is not None else ""
    return Criterion(
        "survives a missed retraining", MAINTENANCE, age + _interval(e.late, e.metric), "above 0",
        e.late and bool(e.late.low > 0), NOT_YET, "some retraining fails, and nobody notices on the same day",
    )  # fmt: skip


def upkeep_is_there(e: Evidence) -> Criterion:
    """The team has the hours that a model needs."""
    return _below(
        "upkeep is there", MAINTENANCE, e.ml_hours, e.capacity_hours, "h a month", "a model that nobody looks after decays"
    )


# fmt: off
CRITERIA: tuple[Callable[[Evidence], Criterion], ...] = (
    enough_labels, enough_history, beats_the_rule, lasts, pays, trains_in_budget, fits_in_memory, batch_in_time,
    survives_a_miss, upkeep_is_there,
)
# fmt: on
# How people say the metrics.
SAID = {
    **{name: name.replace("_", " ") for name in NAMED},
    "roc_auc": "ROC AUC",
    "pr_auc": "PR AUC",
    "mae": "mean absolute error",
    "rmse": "root mean square error",
    "r2": "R²",
    "macro_roc_auc": "mean ROC AUC of the classes",
    "ece": "calibration error",
}  # fmt: skip
FIRST = ("enough labels", "enough history")


def _below(name: str, group: str, value: float | None, limit: float | None, unit: str, reason: str) -> Criterion:
    measured = "not measured" if value is None else f"{value:,.3g} {unit}" if value < 1000 else f"{value:,.0f} {unit}"
    known = value is not None and limit is not None
    named = f"{limit:,.0f} {unit}" if limit is not None else "not declared"
    return Criterion(name, group, measured, named, value <= limit if known else None, NOT_YET, reason)


def _interval(found: Interval | None, metric: str) -> str:
    if found is None:
        return "not measured"
    return f"{found.estimate:+.3f} {SAID.get(metric, metric)} ({found.low:+.3f} to {found.high:+.3f})"


def _money(found: Interval) -> str:
    return f"{found.estimate:,.0f} ({found.low:,.0f} to {found.high:,.0f})"
