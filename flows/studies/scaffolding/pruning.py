"""Which of the tried features help: what says nothing goes, then as few stay as do as well as all; and the best simple rule."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml.models.lgbm import lightgbm
from ml.problem.encode import encode

# Learned on the first part of the instants, compared on the rest; a comparison needs so many rows of each.
LEARN_SHARE, FEWEST = 0.7, 200
SIZES = (10, 20, 40, 80, 160)
# Loss, relative to that with all features, that is taken for as good: chance moves it by more.
AS_GOOD = 1.002
BINS = 5
PARAMS = {"learning_rate": 0.05, "num_leaves": 15, "min_data_in_leaf": 30, "feature_fraction": 0.5, "verbosity": -1, "seed": 1,
          "deterministic": True, "force_row_wise": True}  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """A rule by one feature: from each of `edges` on another of `values`; `missing` where it is null."""

    feature: str
    edges: tuple[float, ...]
    values: tuple[float, ...]
    missing: float


@dataclass(frozen=True)
class Pruned:
    """Features that stay, those left out with why, how that was judged in words, and the rule."""

    kept: list[str]
    left_out: list[tuple[str, str]]
    judged: str
    rule: Rule | None
    rate: float
    rows: int


def prune(table: pa.Table, features: Sequence[str], label: str, as_of: str, binary: bool, seconds: float, threads: int) -> Pruned:
    """Prune the features of a table of labelled rows, sorted by `as_of`, within so many seconds."""
    began = time.monotonic()
    telling, left_out = _telling(table, features)
    y = table[label].cast(pa.float64()).to_numpy()
    levels = {name: _levels(table[name]) for name in telling if pa.types.is_string(table[name].type)}
    matrix = encode(table, telling, levels)
    at = table[as_of].cast(pa.int64()).to_numpy()
    cut = np.quantile(at, LEARN_SHARE)
    learn, check = np.flatnonzero(at < cut), np.flatnonzero(at >= cut)
    rate = float(y[learn].mean()) if len(learn) else 0.5
    few = min(len(learn), len(check)) < FEWEST or np.ptp(y[learn]) == 0 or np.ptp(y[check]) == 0
    rule = None if not len(learn) else _rule(telling, matrix[learn], y[learn], set(levels), binary)
    if few:
        return Pruned(
            telling, left_out, "Too few labelled rows to say which of them help: all that say anything stay.", rule, rate, len(y)
        )

    def fit(names: Sequence[str]) -> tuple[float, np.ndarray]:
        places = [telling.index(name) for name in names]
        coded = [at for at, name in enumerate(names) if name in levels]
        lgb = lightgbm()
        params = {**PARAMS, "objective": "binary" if binary else "l2", "num_threads": threads}
        train = lgb.Dataset(matrix[np.ix_(learn, places)], y[learn], categorical_feature=coded or "auto")
        watch = lgb.Dataset(matrix[np.ix_(check, places)], y[check], reference=train)
        booster = lgb.train(params, train, 300, valid_sets=[watch], callbacks=[lgb.early_stopping(20, verbose=False)])
        return next(iter(booster.best_score["valid_0"].values())), booster.feature_importance("gain")

    everything, gains = fit(telling)
    order = np.argsort(-gains, kind="stable")
    share = gains / max(gains.sum(), 1e-12)
    kept, reached = [telling[i] for i in order if gains[i] > 0], everything
    tried = 1
    for size in SIZES:
        if size >= len(kept) or time.monotonic() - began > seconds:
            break
        some = [telling[i] for i in order[:size]]
        loss, _ = fit(some)
        tried += 1
        if loss <= everything * AS_GOOD:
            kept, reached = some, loss
            break
    stay = set(kept)
    for i in order:
        if telling[i] not in stay:
            why = "no tree used it" if gains[i] == 0 else f"without it as good: {share[i]:.1%} of what the trees gained"
            left_out.append((telling[i], why))
    loss = "log loss" if binary else "mean squared error"
    judged = (
        f"Learned on {len(learn):,} rows, compared on the {len(check):,} after them, {tried} times: "
        f"{loss} {everything:.4f} with all, {reached:.4f} with those that stayed."
    )
    return Pruned([name for name in telling if name in stay], left_out, judged, rule, rate, len(y))


def _telling(table: pa.Table, features: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The features that are neither empty, nor constant, nor a copy of an earlier one; and the others with the reason."""
    telling, left_out, seen = [], [], {}
    for name in features:
        column = table[name].combine_chunks()
        if column.null_count == len(column):
            left_out.append((name, "empty"))
        elif pc.count_distinct(column, mode="all").as_py() == 1:
            left_out.append((name, "constant"))
        else:
            mark = _mark(column)
            if mark in seen:
                left_out.append((name, f"a copy of {seen[mark]}"))
            else:
                seen[mark] = name
                telling.append(name)
    return telling, left_out


def _mark(column: pa.Array) -> tuple:
    """The same for columns with the same values in the same order."""
    values = column.cast(pa.string()) if not pa.types.is_string(column.type) else column
    coded = pc.fill_null(values, "\0").dictionary_encode()
    return hash(coded.indices.to_numpy().tobytes()), hash(tuple(coded.dictionary.to_pylist()))


def _levels(column: pa.ChunkedArray) -> list[str]:
    return sorted(one for one in column.unique().to_pylist() if one is not None)


def _rule(names: Sequence[str], matrix: np.ndarray, y: np.ndarray, texts: set[str], binary: bool) -> Rule | None:
    """The number that orders the labels best by itself, in five steps."""
    best, most = None, 0.0
    ranks = _ranks(y)
    for at, name in enumerate(names):
        x = matrix[:, at]
        there = np.isfinite(x)
        if name in texts or there.sum() < max(50, 0.5 * len(x)) or np.ptp(x[there]) == 0:
            continue
        strength = abs(np.corrcoef(_ranks(x[there]), ranks[there])[0, 1]) * there.mean()
        if strength > most:
            best, most = at, strength
    if best is None:
        return None
    x = matrix[:, best]
    there = np.isfinite(x)
    edges = np.unique(np.quantile(x[there], np.linspace(0, 1, BINS + 1)[1:-1]))
    edges = [float(f"{edge:.4g}") for edge in edges if edge > x[there].min()]
    edges = sorted({*edges})
    step = np.digitize(x[there], edges)
    overall = y.mean()
    # each step shrunk towards all of them by twenty rows, so that a thin one says nothing wild
    values = [float((y[there][step == i].sum() + 20 * overall) / ((step == i).sum() + 20)) for i in range(len(edges) + 1)]
    missing = float((y[~there].sum() + 20 * overall) / ((~there).sum() + 20))
    if binary:
        values, missing = [min(max(one, 0.0005), 0.9995) for one in values], min(max(missing, 0.0005), 0.9995)
    return Rule(names[best], tuple(edges), tuple(values), missing)


def _ranks(x: np.ndarray) -> np.ndarray:
    """Ranks, ties alike."""
    _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[inverse]
