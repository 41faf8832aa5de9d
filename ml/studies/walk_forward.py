"""Walk-forward: train before a fold, score the fold, move on. The folds are the same for every recipe."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np

from ml.errors import AsofError
from ml.models.recipe import Recipe, fit, refit
from ml.problem.rows import Rows
from ml.problem.split import instants, known


@dataclass(frozen=True, eq=False)
class Fold:
    """A stretch of time [start, end) in UTC, with ascending row numbers.

    `train` is known before `middle`, where the validation part begins, `validation` before `start`; `test`
    lies within. `usable` is all that is known before `start`: what a deployed model would be refitted on.
    """

    number: int
    middle: np.datetime64
    start: np.datetime64
    end: np.datetime64
    train: np.ndarray
    validation: np.ndarray
    usable: np.ndarray
    test: np.ndarray


@dataclass(frozen=True, eq=False)
class Scored:
    """One fold's calibrated scores, in the order of `fold.test`.

    `seconds` are those of fitting and scoring.
    """

    fold: Fold
    score: np.ndarray
    seconds: float
    rounds: int
    data_sha256: str


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Out-of-fold scores: `rows` (row numbers of the table), `score` and `fold` (its number) belong together."""

    rows: np.ndarray
    score: np.ndarray
    fold: np.ndarray
    folds: tuple[Scored, ...]

    @property
    def seconds(self) -> float:
        return sum(part.seconds for part in self.folds)


def months(start: datetime | np.datetime64, until: datetime | np.datetime64, as_of: Any = None) -> np.ndarray:
    """The edges of the folds that begin on the first of a month: `start`, every such midnight UTC within, `until`.

    With the `as_of` of rows, months in which nothing was asked are `joined_to_rows`.
    """
    start, until = np.datetime64(start, "us"), np.datetime64(until, "us")
    first = np.arange(start.astype("datetime64[M]"), until.astype("datetime64[M]") + 1).astype("datetime64[us]")
    edges = np.unique([start, *first[(first > start) & (first < until)], until])
    return edges if as_of is None else joined_to_rows(edges, as_of)


def joined_to_rows(edges: np.ndarray, as_of: Any) -> np.ndarray:
    """Some of the edges, first and last included: a stretch without a row joins the one before it, the first the one after it."""
    before = np.searchsorted(np.sort(instants(as_of)), edges)
    kept = [0]
    for at in range(1, len(edges) - 1):
        if before[at] > before[kept[-1]] and before[at + 1] > before[at]:
            kept.append(at)
    return edges[[*kept, len(edges) - 1]]


def folds(
    as_of: Any,
    label_known_at: Any,
    edges: Sequence[np.datetime64] | np.ndarray,
    validation_days: int,
    now: datetime | np.datetime64 | None = None,
) -> tuple[Fold, ...]:
    """A fold between each two neighbours of `edges` (ascending instants, UTC), numbered from 1.

    Training sees `label_known_at` < the start of the validation part, validation < the start of the fold,
    strictly. Every row of the fold whose label is known before `now` (the last edge, if None) is a test row.
    A recipe's window is applied to each fold, so that folds do not depend on recipes. AsofError when a part
    of a fold is empty.
    """
    as_of, known_at = instants(as_of), instants(label_known_at)
    edges = np.asarray(edges, dtype="datetime64[us]")
    now = edges[-1] if now is None else np.datetime64(now, "us")
    found = []
    for number, (start, end) in enumerate(pairwise(edges), 1):
        middle = start - np.timedelta64(validation_days, "D")
        fold = Fold(
            number=number,
            middle=middle,
            start=start,
            end=end,
            train=known(as_of, known_at, middle),
            validation=np.flatnonzero((as_of >= middle) & (as_of < start) & (known_at < start)),
            usable=known(as_of, known_at, start),
            test=np.flatnonzero((as_of >= start) & (as_of < end) & (known_at < now)),
        )
        for part in ("train", "validation", "test"):
            if len(getattr(fold, part)) == 0:
                raise AsofError(f"fold {number}, {start} to {end}, has no {part} row: begin later, or wait for more labels")
        found.append(fold)
    return tuple(found)


def within(rows: Rows, recipe: Recipe, chosen: np.ndarray, end: np.datetime64) -> np.ndarray:
    """Those of the rows `chosen` that lie in the window of a recipe before `end`: all where it has none."""
    if recipe.window_days is None:
        return chosen
    return chosen[rows.as_of[chosen] >= end - np.timedelta64(recipe.window_days, "D")]


def fold_by_fold(
    rows: Rows,
    recipe: Recipe,
    through: Sequence[Fold],
    *,
    refitted: bool = True,
    learn: np.ndarray | None = None,
    threads: int = 2,
) -> Iterator[Scored]:
    """Fold by fold, so that who runs out of time keeps what there is.

    `refitted`: score with the model that would be deployed, refitted on all that is known before the fold;
    otherwise with the one that found its rounds and calibrator there, in half the time. `learn` as in `fit`.
    """
    for fold in through:
        started = time.perf_counter()
        model = fit(rows, recipe, within(rows, recipe, fold.train, fold.middle), fold.validation, learn=learn, threads=threads)
        if refitted:
            model = refit(model, rows, within(rows, recipe, fold.usable, fold.start), learn=learn, threads=threads)
        score = model.predict(rows, fold.test)
        seconds = time.perf_counter() - started
        yield Scored(fold, score, seconds, model.learned.rounds, model.data_sha256)


def walk_forward(rows: Rows, recipe: Recipe, through: Sequence[Fold], **options: Any) -> OutOfFold:
    """All folds at once; `options` are those of `fold_by_fold`."""
    return joined(list(fold_by_fold(rows, recipe, through, **options)))


def joined(parts: Sequence[Scored]) -> OutOfFold:
    """The scores of several folds together, the folds in the order given."""
    return OutOfFold(
        rows=np.concatenate([part.fold.test for part in parts]),
        score=np.concatenate([part.score for part in parts]),
        fold=np.concatenate([np.full(len(part.score), part.fold.number) for part in parts]),
        folds=tuple(parts),
    )
