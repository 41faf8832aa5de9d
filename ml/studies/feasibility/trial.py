"""The trial: rule, linear model and LightGBM go through the same folds of a walk-forward, and score the same rows.

Nothing here is refitted on the validation part, which halves the time and makes the models a little worse than those that
would be deployed: a recommendation for a model does not rest on it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from ml.models.learn import Progress
from ml.models.recipe import Fitted, Recipe, fit
from ml.problem.rows import Rows
from ml.problem.split import instants
from ml.studies.walk_forward import Fold, folds, joined_to_rows, months, within

CANDIDATES = ("rule", "linear", "model")
# A tail of the clock is no fold of its own: with less than a week its weekdays are not all there.
SHORTEST_DAYS = 7
# Fewer folds than this say nothing about whether an advantage lasts.
FEWEST_FOLDS = 3
# A regression with some hundred columns has settled by then: on flights, 72,000 rows instead of 41,000 were worth .0007.
LINEAR_ROWS = 40_000
# Halvings of the history.
SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2)


@dataclass(frozen=True)
class Effort:
    """How much is tried: folds at most, and folds of the learning curve."""

    folds: int = 6
    curve: int = 3


FULL, QUICK = Effort(), Effort(folds=3, curve=1)


@dataclass(frozen=True)
class Fit:
    """What one fit of the model cost, in seconds of the clock and of the processor, and how large the process was then."""

    rows: int
    rounds: int
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True, eq=False)
class Trial:
    """Scores of the same rows, one value a row in each array (of classes one a class), in the order of the folds.

    `scores` by candidate; `aged` by age in folds: scores of the model that was trained so many folds earlier, NaN where there
    was none; `learning` by share of the history (1 is all), on the last folds only, NaN elsewhere; `history_days` by share:
    how long that history was, on average. `newest` is the last model; `overlap` is that of the rows.
    """

    folds: tuple[Fold, ...]
    fold: np.ndarray
    label: np.ndarray
    cluster: np.ndarray
    weight: np.ndarray | None
    scores: dict[str, np.ndarray]
    aged: dict[int, np.ndarray]
    learning: dict[float, np.ndarray]
    history_days: dict[float, float]
    fits: tuple[Fit, ...]
    newest: Fitted
    overlap: int = 1

    @property
    def fold_days(self) -> float:
        """The usual length of a fold, in days."""
        return float(np.median([(fold.end - fold.start) / np.timedelta64(1, "D") for fold in self.folds]))


def edges(as_of: Any, label_known_at: Any, now: datetime | np.datetime64, validation_days: int, most: int) -> np.ndarray:
    """Where folds begin and the last one ends (datetime64, UTC): the last `most` months that have a history, else equal parts.

    The first fold begins when there is a validation part and as much again to learn from. Months and parts in which nothing was
    asked are no folds of their own, so that a question of once a year has folds of years. Empty when not even `FEWEST_FOLDS`
    folds of a week remain.
    """
    as_of, known_at, now = instants(as_of), instants(label_known_at), np.datetime64(now, "us")
    there = (as_of < now) & (known_at < now)
    found = _edges(as_of[there], now, validation_days, most)

    def begins(start: np.datetime64) -> bool:
        """Whether something is known to learn from and to stop on."""
        middle = start - np.timedelta64(validation_days, "D")
        return bool((known_at < middle).any() and ((as_of >= middle) & (as_of < start) & (known_at < start)).any())

    while len(found) and not begins(found[0]):
        found = found[1:]
    return found if len(found) > FEWEST_FOLDS else found[:0]


def _edges(usable: np.ndarray, now: np.datetime64, validation_days: int, most: int) -> np.ndarray:
    """The same, whatever may be learned before."""
    if len(usable) == 0:
        return np.empty(0, "datetime64[us]")
    # The whole day after the first row: a part never begins within a day.
    first = usable.min().astype("datetime64[D]").astype("datetime64[us]") + np.timedelta64(1, "D")
    ready, end = first + np.timedelta64(2 * validation_days, "D"), min(now, usable.max() + np.timedelta64(1, "us"))
    day, shortest = np.timedelta64(1, "D"), np.timedelta64(SHORTEST_DAYS, "D")
    if ready >= end:
        return np.empty(0, "datetime64[us]")
    found = months(ready, end, usable)[1:]
    if len(found) > 1 and found[-1] - found[-2] < shortest:
        found = np.r_[found[:-2], found[-1]]
    if len(found) > FEWEST_FOLDS:
        return found[-most - 1 :]
    length = (end - ready) // min(most, max(FEWEST_FOLDS, (end - ready) // (4 * shortest))) // day * day
    if length < shortest:
        return np.empty(0, "datetime64[us]")
    number = min(most, int((end - ready) // length))
    parts = [end.astype("datetime64[D]") - length * left for left in range(number, 0, -1)]
    return joined_to_rows(np.array([*parts, end], "datetime64[us]"), usable)


def attempt(
    rows: Rows,
    now: datetime,
    effort: Effort = Effort(),
    threads: int = 2,
    on_progress: Progress = lambda *_: None,
) -> Trial | None:
    """Walk forward through the rows (in a total order); None where the history does not reach for `FEWEST_FOLDS` folds.

    AsofError when a part of a fold has one class only, or the rule is missing somewhere.
    """
    problem = rows.problem
    where = edges(rows.as_of, rows.known_at, now, problem.validation_days, effort.folds)
    if len(where) <= FEWEST_FOLDS:
        return None
    through = folds(rows.as_of, rows.known_at, where, problem.validation_days, now)
    declared = Recipe.of(problem)
    plain = replace(declared, algorithm="linear", params={})
    rule = replace(declared, algorithm="rule", params={}, calibration="none")
    tested = np.concatenate([fold.test for fold in through])
    fold_of = np.concatenate([np.full(len(fold.test), fold.number) for fold in through])
    at = {fold.number: np.flatnonzero(fold_of == fold.number) for fold in through}
    # Scores are shaped as the rule is: one a row, or one a class.
    shape = rows.rule[tested].shape
    empty = {name: np.full(shape, np.nan) for name in CANDIDATES}
    aged = {age: np.full(shape, np.nan) for age in range(1, len(through))}
    fits: list[Fit] = []
    model = None
    for number, fold in enumerate(through, 1):
        on_progress("trial", 3 * number - 3, 3 * len(through))
        empty["rule"][at[fold.number]] = fit(rows, rule, fold.train, fold.validation).predict(rows, fold.test)
        train = within(rows, declared, fold.train, fold.middle)
        thin = train[:: max(1, len(train) // LINEAR_ROWS)]
        line = fit(rows, plain, thin, fold.validation, threads=threads)
        empty["linear"][at[fold.number]] = line.predict(rows, fold.test)
        on_progress("trial", 3 * number - 2, 3 * len(through))
        clock, processor = time.perf_counter(), time.process_time()
        model = fit(rows, declared, train, fold.validation, threads=threads)
        fits.append(Fit(model.rows, model.learned.rounds, time.perf_counter() - clock, time.process_time() - processor))
        on_progress("trial", 3 * number - 1, 3 * len(through))
        for age, later in enumerate(through[number - 1 :]):
            (aged[age] if age else empty["model"])[at[later.number]] = model.predict(rows, later.test)
    on_progress("trial", 3 * len(through), 3 * len(through))
    learning, lengths = _learn(rows, declared, through[-effort.curve :], at, empty["model"], threads, on_progress)
    return Trial(
        through, fold_of, rows.label[tested], rows.cluster[tested], None if rows.weight is None else rows.weight[tested],
        empty, aged, learning, lengths,
        tuple(fits), model, rows.overlap,
    )  # fmt: skip


def _learn(
    rows: Rows,
    recipe: Recipe,
    last: Sequence[Fold],
    at: dict[int, np.ndarray],
    full: np.ndarray,
    threads: int,
    on_progress: Progress,
) -> tuple[dict[float, np.ndarray], dict[float, float]]:
    """Scores of models that saw only the latest share of their history, and the length of it in days."""
    as_of, day = rows.as_of, np.timedelta64(1, "D")
    scores: dict[float, np.ndarray] = {}
    lengths: dict[float, list[float]] = {}
    for number, fold in enumerate(last):
        train = within(rows, recipe, fold.train, fold.middle)
        span = fold.middle - as_of[train].min()
        for place, share in enumerate((*SHARES, 1.0)):
            on_progress("learning curve", number * (len(SHARES) + 1) + place, len(last) * (len(SHARES) + 1))
            found = scores.setdefault(share, np.full(full.shape, np.nan))
            lengths.setdefault(share, []).append(float(span * share / day))
            if share == 1:
                found[at[fold.number]] = full[at[fold.number]]
                continue
            latest = train[as_of[train] >= fold.middle - span * share]
            if span * share < SHORTEST_DAYS * day or len(np.unique(rows.label[latest])) < 2:
                continue
            model = fit(rows, recipe, latest, fold.validation, threads=threads)
            found[at[fold.number]] = model.predict(rows, fold.test)
    on_progress("learning curve", 1, 1)
    whole = np.isin(np.arange(len(full)), np.concatenate([at[fold.number] for fold in last]))
    kept = {share: values for share, values in scores.items() if not np.isnan(values[whole]).any()}
    return kept, {share: float(np.mean(lengths[share])) for share in kept}
