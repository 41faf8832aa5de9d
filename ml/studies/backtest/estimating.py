"""What would have been thought of a stretch before its labels were in: the estimate of `mon_quality_estimated`, as a function.

The models from `mon_scored_by_period` to `mon_quality_estimated` ask this of the warehouse for days and weeks; a backtest asks
for stretches of replays that never were. A test holds the two together, to 1e-9. How and why: docs/estimation.md.

A period counts as verified when 99 of a hundred labels are in, with the labels that are in by then, as the monitors see it on
that day; monitors that are built anew know of the last label and count the period from there.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from ml.statistics.evaluate import METRICS, losses

DAY = np.timedelta64(1, "D")
# Of a hundred labels one may be later still, as in `mon_label_delay` and `mon_quality_expected`.
PRACTICALLY_ALL = 0.99
# One period in ten may wait longer for its truth than "labels stopped" takes for usual.
MOSTLY = 0.9
# As many as `log_odds_bin` makes.
BINS = 24
# Of n + 1 exchangeable errors the last exceeds the ceil(.95 (n + 1))-th smallest in one case of twenty.
LEVEL = 0.95


class Limits(NamedTuple):
    """`vars: estimation` of dbt_project.yml, where each number stands with its reason."""

    reference_days: int
    delay_days: int
    prior_rows: float
    period_shift: float
    periods: int
    recent: int
    wider: float
    misses: int
    fewest_in_bin: int
    unverified_share: float
    silent_periods: float


@dataclass(frozen=True, eq=False)
class Scored:
    """Rows that were scored, with the truth of each and when it became known, in the order of `as_of` (datetime64[us]).

    `version` says which model scored a row: any values that can be told apart.
    """

    as_of: np.ndarray
    known_at: np.ndarray
    label: np.ndarray
    score: np.ndarray
    version: np.ndarray

    def until(self, last: int) -> Scored:
        """The first rows."""
        return Scored(*(getattr(self, field.name)[:last] for field in fields(self)))


class Error(NamedTuple):
    """How far off an estimate was, in the size that chance would make, and the days that its truth was waited for."""

    size: float
    waited: float


@dataclass(frozen=True)
class Estimate:
    """What was expected of a period, and how far off that may be; `low` and `high` are None where it was BLIND.

    `reach` is how far 95 of a hundred errors had reached: what a miss is measured by, though after one `low` and `high` are
    farther apart.
    """

    start: np.datetime64
    end: np.datetime64
    expected: float
    scale: float
    reach: float | None
    low: float | None
    high: float | None


class Estimator:
    """Estimates one period after the other, each from what was known at its end."""

    def __init__(self, metric: str, limits: Limits) -> None:
        self.metric, self.limits = metric, limits
        self.past: list[Estimate] = []
        self._errors: dict[int, Error] = {}

    def add(self, scored: Scored, start: np.datetime64, end: np.datetime64) -> Estimate:
        """The estimate of start <= as_of < end, the period after those that were added; rows from `end` on are not looked at."""
        first, last = np.searchsorted(scored.as_of, [start, end], "left")
        before, rows, limits = scored.until(last), slice(first, last), self.limits
        known = before.known_at < end
        expected, bin_rows = _expected_labels(limits, before, rows, known, end)
        value = _measured(self.metric, expected, before.score[rows])
        scale = _chance(self.metric, value, expected) * float(np.sqrt((~known[rows]).mean()))

        verified = [(one, error) for at, one in enumerate(self.past) if (error := self._error(at, before, end)) is not None]
        errors = sorted(error.size for _, error in verified[-limits.periods :])
        place = int(np.ceil(LEVEL * (len(errors) + 1)))
        reach = errors[place - 1] if errors and place <= len(errors) else None
        missed = sum(one.reach is not None and error.size > one.reach for one, error in verified[-limits.recent :])
        blind = (
            reach is None
            or missed >= limits.misses
            or (bin_rows < limits.fewest_in_bin).mean() > limits.unverified_share
            or self._silent(start, verified[-limits.periods :])
        )
        off = 0.0 if blind else scale * (limits.wider * errors[-1] if missed else reach)
        kind = METRICS[self.metric]
        low, high = (None, None) if blind else (max(kind.low, value - off), min(kind.high, value + off))
        self.past.append(Estimate(start, end, value, scale, reach, low, high))
        return self.past[-1]

    def _silent(self, start: np.datetime64, verified: list[tuple[Estimate, Error]]) -> bool:
        """Whether labels stopped: nothing was verified for longer than it took nine periods in ten, and some periods more."""
        waited = np.ceil(np.quantile([error.waited for _, error in verified], MOSTLY))
        since, step = (start - verified[-1][0].start) / DAY, (start - self.past[-1].start) / DAY
        return bool(since > waited + self.limits.silent_periods * step)

    def _error(self, at: int, rows: Scored, now: np.datetime64) -> Error | None:
        """How far off an earlier estimate was; None while too few labels are in."""
        if at not in self._errors:
            past = self.past[at]
            part = slice(*np.searchsorted(rows.as_of, [past.start, past.end], "left"))
            known = rows.known_at[part] < now
            if known.mean() < PRACTICALLY_ALL or not past.scale > 0:
                return None
            realised = _measured(self.metric, rows.label[part][known].astype(np.float64), rows.score[part][known])
            size = abs(realised - past.expected) / past.scale
            if not np.isfinite(size):
                return None
            error = Error(size, (rows.known_at[part][known].max() - past.end) / DAY)
            if not known.all():
                return error
            self._errors[at] = error
        return self._errors[at]


def _old(limits: Limits, rows: Scored, end: np.datetime64) -> np.ndarray:
    """The rows that teach: known, and old enough at an end that practically every label of their day has arrived."""
    day, known_day, last = (at.astype("datetime64[D]") for at in (rows.as_of, rows.known_at, end))
    recently = (known_day < last) & (known_day >= last - limits.delay_days * DAY)
    waited = np.sort(np.ceil((rows.known_at - rows.as_of)[recently] / DAY))
    if not len(waited):
        return np.zeros(len(day), dtype=bool)
    delay = int(waited[int(np.ceil(PRACTICALLY_ALL * len(waited))) - 1])
    return (day < last - delay * DAY) & (day >= last - (delay + limits.reference_days) * DAY) & (known_day < last)


def _expected_labels(
    limits: Limits, rows: Scored, period: slice, known: np.ndarray, end: np.datetime64
) -> tuple[np.ndarray, np.ndarray]:
    """The probability that each row of the period is positive, as it could be known at its end, and the rows of its bin."""
    old = _old(limits, rows, end)
    # First what a score of this version is worth by the labels of the last weeks.
    version = np.unique(rows.version, return_inverse=True)[1]
    places = BINS * version + _bins(rows.score)
    size = int(places.max()) + 1
    counts = np.bincount(places[old], minlength=size)
    off = np.bincount(places[old], rows.label[old] - rows.score[old], size) / (counts + limits.prior_rows)
    mine = places[period]
    corrected = np.clip(rows.score[period] + off[mine], 0.0005, 0.9995)
    # Then what is known of it: the label, or that it is not here yet.
    there, label = known[period], rows.label[period].astype(np.float64)
    waited = np.where(there, rows.known_at[period] - rows.as_of[period], end - rows.as_of[period])
    late = _arrived(rows, old, _ages(waited))
    expected = np.where(there, label, _if_late(corrected, *late))
    # Then the period's own mood: one step of Newton towards the shift in log-odds that its arrivals ask for.
    sure = corrected * (1 - corrected)
    told = np.where(there, sure, np.maximum(0, sure - expected * (1 - expected))).sum()
    shift = (expected - corrected).sum() / (told + 1 / limits.period_shift**2)
    probability = 1 / (1 + np.exp(-(np.log(corrected / (1 - corrected)) + shift)))
    return np.where(there, label, _if_late(probability, *late)), counts[mine]


def _arrived(rows: Scored, old: np.ndarray, age: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The shares of positive and of negative labels that arrive by each of these ages."""
    waited, label = _ages((rows.known_at - rows.as_of)[old]), rows.label[old]
    shares = []
    for truth in (1, 0):
        ages = np.sort(waited[label == truth])
        shares.append(np.searchsorted(ages, age, "right") / max(len(ages), 1))
    return shares[0], shares[1]


def _if_late(probability: np.ndarray, positives_in: np.ndarray, negatives_in: np.ndarray) -> np.ndarray:
    """The probability that a label which has not arrived yet is positive, by Bayes, as the macro `positive_if_late`."""
    positive = probability * np.maximum(1e-6, 1 - positives_in)
    return positive / (positive + (1 - probability) * np.maximum(1e-6, 1 - negatives_in))


def _bins(score: np.ndarray) -> np.ndarray:
    """As the macro `log_odds_bin`, from 0."""
    inside = np.clip(score, 0.05, 0.95)
    return (np.floor(4 * np.log(inside / (1 - inside))) + 12).astype(np.int64)


def _ages(waited: np.ndarray) -> np.ndarray:
    """As the macro `age_bin`."""
    return np.floor(12 * np.log1p(np.maximum(waited / np.timedelta64(1, "m"), 0))).astype(np.int64)


def _measured(metric: str, label: np.ndarray, score: np.ndarray) -> float:
    """The metric of labels that may be probabilities."""
    if metric == "log_loss":
        return float(losses(label, score).mean())
    return float(METRICS[metric].statistic(label, score, np.ones((1, len(label))))[0])


def _chance(metric: str, value: float, expected: np.ndarray) -> float:
    """The size of an error that chance alone would make; of an area after Hanley and McNeil 1982, as the macro `area_error`."""
    rows, positives = len(expected), expected.sum()
    if metric != "roc_auc":
        return 1 / float(np.sqrt(rows))
    negatives = rows - positives
    once, twice = value / (2 - value), 2 * value**2 / (1 + value)
    spread = value * (1 - value) + (positives - 1) * (once - value**2) + (negatives - 1) * (twice - value**2)
    return float(np.sqrt(spread / (positives * negatives)))
