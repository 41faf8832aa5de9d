"""Which of the tried features help: what says nothing goes, then as few stay as do as well; and the best simple rule."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.studies.scaffolding.rules import Rule, best
from ml.models.lgbm import lightgbm
from ml.problem.encode import encode

# Learned on the first part of the instants, compared on the rest; a comparison needs so many rows of each.
LEARN_SHARE, FEWEST = 0.7, 200
# From one size to the next so large a share stays, down to so few features.
STAYS, LEAST = 0.6, 3
# Loss, relative to the least of all sizes, that is taken for as good: half of a hundredth is noticed by nobody.
AS_GOOD = 1.005
# The first fit, of all features, takes at most so much of the time box; rows are drawn where trees cannot go through all in it.
FIRST, VALUES_A_SECOND = 0.4, 1_000_000
# Trees of fewer rounds have not seen every feature.
FEWEST_ROUNDS, ROUNDS, PATIENCE = 10, 300, 20
PARAMS = {"learning_rate": 0.05, "num_leaves": 15, "min_data_in_leaf": 30, "feature_fraction": 0.5, "verbosity": -1, "seed": 1,
          "deterministic": True, "force_row_wise": True}  # fmt: skip
# By what is aimed at, a task or of numbers the metric: what trees minimise, and the loss in words.
LOSSES = {"binary": ("binary", "log loss"), "rmse": ("l2", "root mean square error"), "mae": ("l1", "mean absolute error"),
          "multiclass": ("multiclass", "log loss")}  # fmt: skip


@dataclass(frozen=True)
class Pruned:
    """Features that stay, those left out with why, how that was judged in words, and the rule.

    `rate` is the mean of the label (judged by `mae` its middle), `spread` how far numbers are from it, by their metric. `classes`
    are its classes by how frequent they are, `shares` how frequent that is. `sizes` are how many features were tried
    together, and the loss with them.
    """

    kept: list[str]
    left_out: list[tuple[str, str]]
    judged: str
    rule: Rule | None
    rate: float
    rows: int
    spread: float = 0.0
    classes: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    sizes: tuple[tuple[int, str], ...] = ()
    loss: str = "loss"
    took: float = 0.0


@dataclass(frozen=True)
class Fit:
    """Trees on some features: the loss of each row that they had not seen, and what each feature gained. `whole`: not cut off."""

    names: list[str]
    losses: np.ndarray
    gains: np.ndarray
    whole: bool

    @property
    def loss(self) -> float:
        """The mean loss."""
        return float(self.losses.mean())

    def best(self, size: int) -> list[str]:
        """So many names of those that gained most."""
        order = np.argsort(-self.gains, kind="stable")[:size]
        return [self.names[i] for i in order if self.gains[i] > 0]


@dataclass(frozen=True)
class Trees:
    """Fits trees on some features of a matrix, to `learn` rows of it, and looks at others."""

    names: Sequence[str]
    matrix: np.ndarray
    y: np.ndarray
    learn: np.ndarray
    check: np.ndarray
    levels: Mapping[str, Sequence[str]]
    aim: str
    classes: int
    threads: int

    def fit(self, names: list[str], until: float) -> Fit:
        """Fit as many rounds as help on the later rows; after `until`, by the monotonic clock, none begins but the first few."""
        lgb = lightgbm()
        places = [self.names.index(name) for name in names]
        coded = [at for at, name in enumerate(names) if name in self.levels]
        params = {**PARAMS, "objective": LOSSES[self.aim][0], "num_threads": self.threads}
        params |= {"num_class": self.classes} if self.aim == "multiclass" else {}
        train = lgb.Dataset(self.matrix[np.ix_(self.learn, places)], self.y[self.learn], categorical_feature=coded or "auto")
        seen = self.matrix[np.ix_(self.check, places)]
        watch = _Watch(until)
        valid = lgb.Dataset(seen, self.y[self.check], reference=train)
        booster = lgb.train(params, train, ROUNDS, valid_sets=[valid], callbacks=[watch])
        rounds = watch.best + 1
        said = booster.predict(seen, num_iteration=rounds)
        gains = booster.feature_importance("gain", iteration=rounds)
        return Fit(names, _losses(self.aim, said, self.y[self.check]), gains, not watch.cut_off)


class _Watch:
    """Stops trees that no longer help, or whose time is over."""

    def __init__(self, until: float) -> None:
        self.until, self.best, self.least, self.cut_off = until, 0, np.inf, False

    def __call__(self, env) -> None:
        loss = env.evaluation_result_list[0][2]
        if loss < self.least:
            self.least, self.best = loss, env.iteration
        self.cut_off = time.monotonic() > self.until and env.iteration >= FEWEST_ROUNDS
        if self.cut_off or env.iteration - self.best >= PATIENCE:
            raise lightgbm().callback.EarlyStopException(self.best, env.evaluation_result_list)


def prune(table: pa.Table, features: Sequence[str], label: str, as_of: str, aim: str, seconds: float, threads: int) -> Pruned:
    """Prune the features of a table of labelled rows, sorted by `as_of`, within so many seconds; `aim` as in LOSSES.

    Backwards: of all that say anything those stay that gained most, then of these, until so few are left that they do worse.
    What the rule reads stays as well.
    """
    began = time.monotonic()
    levels = {name: _levels(table[name]) for name in features if pa.types.is_string(table[name].type)}
    matrix = encode(table, features, levels)
    telling, left_out = _telling(matrix, features, levels)
    matrix = matrix[:, [features.index(name) for name in telling]]
    y, classes, shares = _labels(table[label], aim)
    at = table[as_of].cast(pa.int64()).to_numpy()
    cut = np.quantile(at, LEARN_SHARE)
    learn, check = np.flatnonzero(at < cut), np.flatnonzero(at >= cut)
    rate = float((np.median if aim == "mae" else np.mean)(y[learn])) if len(learn) else 0.5
    errors = np.abs(y - rate)
    spread = float(errors.mean() if aim == "mae" else np.sqrt((errors**2).mean()))
    rule = best(telling, matrix[learn], y[learn], {*levels}, aim, len(classes)) if len(learn) else None
    facts = {"rule": rule, "rate": rate, "rows": len(y), "classes": classes, "shares": shares, "loss": LOSSES[aim][1],
             "spread": spread}  # fmt: skip
    if not telling or min(len(learn), len(check)) < FEWEST or np.ptp(y[learn]) == 0 or np.ptp(y[check]) == 0:
        said = "Too few labelled rows to say which of them help: all that say anything stay."
        return Pruned(telling, left_out, said, took=time.monotonic() - began, **facts)
    drawn = min(1.0, seconds * FIRST * VALUES_A_SECOND / (len(y) * len(telling)))
    learn, check = _drawn(learn, drawn), _drawn(check, drawn)
    trees = Trees(telling, matrix, y, learn, check, levels, aim, len(classes), threads)
    tried = [trees.fit(telling, began + FIRST * seconds)]
    while (names := tried[-1].best(int(len(tried[-1].names) * STAYS))) and len(names) >= LEAST:
        if time.monotonic() >= began + seconds:
            break
        found = trees.fit(names, began + seconds)
        if not found.whole:
            break
        tried.append(found)
    stays = _smallest_as_good(tried)
    kept = {*stays.best(len(stays.names)), *([rule.feature] if rule else [])}
    share = dict(zip(telling, tried[0].gains / max(tried[0].gains.sum(), 1e-12), strict=True))
    for name in sorted(set(telling) - kept, key=lambda name: -share[name]):
        why = "no tree used it" if share[name] == 0 else f"without it as good: {share[name]:.1%} of what the trees gained"
        left_out.append((name, why))
    judged = (
        f"Learned on {len(learn):,} rows, compared on the {len(check):,} after them: {LOSSES[aim][1]} "
        f"{in_words(aim, tried[0].loss)} with all, {in_words(aim, stays.loss)} with those that stayed."
    )
    sizes = tuple((len(one.names), in_words(aim, one.loss)) for one in tried)
    return Pruned(
        [name for name in telling if name in kept], left_out, judged, sizes=sizes, took=time.monotonic() - began, **facts
    )


def in_words(aim: str, loss: float) -> str:
    """A mean loss as people read it: of numbers in the unit of the label, to four digits that say something."""
    if aim not in ("rmse", "mae"):
        return f"{loss:.4f}"
    size = loss**0.5 if aim == "rmse" else loss
    return f"{size:,.0f}" if size >= 1000 else f"{size:.4g}"


def _smallest_as_good(tried: Sequence[Fit]) -> Fit:
    """The fewest features whose loss is above the least by no more than chance (one standard error of the difference), or nobody
    notices."""
    least = min(tried, key=lambda one: one.loss)

    def as_good(one: Fit) -> bool:
        more = one.losses - least.losses
        return more.mean() <= max(more.std() / np.sqrt(len(more)), (AS_GOOD - 1) * least.loss)

    return min((one for one in tried if as_good(one)), key=lambda one: len(one.names))


def _drawn(rows: np.ndarray, share: float) -> np.ndarray:
    """So large a share of rows, in their order, always the same ones; at least so many as a comparison needs."""
    if share >= 1:
        return rows
    size = min(len(rows), max(FEWEST * 5, round(share * len(rows))))
    return np.sort(np.random.default_rng(7).choice(rows, size, replace=False))


def _losses(aim: str, said: np.ndarray, y: np.ndarray) -> np.ndarray:
    if aim in ("rmse", "mae"):
        return (said - y) ** 2 if aim == "rmse" else np.abs(said - y)
    right = said[np.arange(len(y)), y.astype(int)] if aim == "multiclass" else np.where(y > 0, said, 1 - said)
    return -np.log(np.clip(right, 1e-9, 1))


def _labels(column: pa.ChunkedArray, aim: str) -> tuple[np.ndarray, tuple[str, ...], tuple[float, ...]]:
    """The label as numbers; of classes their places, the classes by how frequent they are, and their shares."""
    if aim != "multiclass":
        return column.cast(pa.float64()).to_numpy(), (), ()
    counted = sorted(pc.value_counts(column.combine_chunks()).to_pylist(), key=lambda one: (-one["counts"], one["values"]))
    classes = tuple(one["values"] for one in counted)
    place = {name: float(at) for at, name in enumerate(classes)}
    return np.array([place[one] for one in column.to_pylist()]), classes, tuple(one["counts"] / len(column) for one in counted)


def _telling(
    matrix: np.ndarray, features: Sequence[str], levels: Mapping[str, Sequence[str]]
) -> tuple[list[str], list[tuple[str, str]]]:
    """The features that are neither empty, nor constant, nor a copy of an earlier one; and the others with the reason."""
    telling, left_out, seen = [], [], {}
    for at, name in enumerate(features):
        values = np.ascontiguousarray(matrix[:, at])
        there = values[~np.isnan(values)]
        mark = (tuple(levels.get(name, ())), hash(np.nan_to_num(values, nan=-1.7e308).tobytes()))
        if not len(there):
            left_out.append((name, "empty"))
        elif len(there) == len(values) and np.ptp(there) == 0:
            left_out.append((name, "constant"))
        elif mark in seen:
            left_out.append((name, f"a copy of {seen[mark]}"))
        else:
            seen[mark] = name
            telling.append(name)
    return telling, left_out


def _levels(column: pa.ChunkedArray) -> list[str]:
    return sorted(one for one in column.unique().to_pylist() if one is not None)
