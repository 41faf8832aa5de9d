"""What rule and model cost a month: people, retraining, scoring, at the declared prices."""

from __future__ import annotations

from dataclasses import dataclass

from ml.problem.problem import Problem
from ml.schedule.retraining import slots_a_month

# A challenger is fitted three times: to find its rounds, as the holdout model that is judged, and on all rows.
FITS = 3


@dataclass(frozen=True)
class Usage:
    """Measured: processor seconds of one fit, of starting a batch, of scoring a row, of building a row's features (None where no
    build was recorded), and how many rows there are a month."""

    fit_seconds: float
    start_seconds: float
    row_seconds: float
    feature_seconds: float | None
    rows_per_month: float


@dataclass(frozen=True)
class Bill:
    """Money a month, None where a price or the hours are not declared. The rule's row costs nothing here, because its SQL is
    among the features; so the model carries all of them, and `extra` is what it costs more than the rule at most."""

    people_rule: float | None
    people_model: float | None
    retraining: float | None
    scoring: float | None
    features: float | None
    per_million: float | None
    extra: float | None


def bill(problem: Problem, usage: Usage) -> Bill:
    """The bill of a month at the declared prices, cadence, batches and hours."""
    prices, upkeep, needs = problem.framing.prices, problem.framing.upkeep, problem.framing.needs
    second = None if prices.cpu_hour is None else prices.cpu_hour / 3600
    per_row = usage.row_seconds + (usage.feature_seconds or 0)
    retrainings = slots_a_month(problem.retraining.cadence)
    people = [_times(hours, prices.human_hour) for hours in (upkeep.rule_hours, upkeep.ml_hours)]
    retraining = _times(second, FITS * usage.fit_seconds * retrainings)
    starts = (needs.batches_per_month or 0) * usage.start_seconds
    scoring = _times(second, starts + usage.row_seconds * usage.rows_per_month)
    features = _times(second, (usage.feature_seconds or 0) * usage.rows_per_month)
    known = [*people, retraining, scoring, features]
    extra = None if None in known else people[1] - people[0] + retraining + scoring + features
    return Bill(*people, retraining, scoring, features, _times(second, per_row * 1e6), extra)


def _times(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a * b
