"""The rule that every model has to beat: what the label was worth in each of five steps of the one feature that tells most."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

BINS = 5
# A step is shrunk towards all of them by so many rows, so that a thin one says nothing wild.
SHRUNK_BY = 20
# Where a probability ends.
SURE = 0.0005


@dataclass(frozen=True)
class Rule:
    """A rule by one feature: from each of `edges` on other `values`; `missing` where it is null.

    The values of a step are one: what the label is worth, which is the mean or, judged by `mae`, the middle; or of classes the
    probability of each.
    """

    feature: str
    edges: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]
    missing: tuple[float, ...]


def best(names: Sequence[str], matrix: np.ndarray, y: np.ndarray, texts: Collection[str], aim: str, classes: int) -> Rule | None:
    """The rule by the number that tells most of the labels by itself; None where no number tells anything."""
    told = _told_of(y, aim, classes)
    place, most = None, 1e-12
    for at, name in enumerate(names):
        x = matrix[:, at]
        there = np.isfinite(x)
        if name in texts or there.sum() < max(50, 0.5 * len(x)) or np.ptp(x[there]) == 0:
            continue
        strength = _strength(x, there, y, told, classes)
        if strength > most:
            place, most = at, strength
    return None if place is None else _rule(names[place], matrix[:, place], told, aim)


def _told_of(y: np.ndarray, aim: str, classes: int) -> np.ndarray:
    """What a rule says, a column each: the label, or whether it is each of the classes."""
    return (y[:, None] == np.arange(classes)) * 1.0 if aim == "multiclass" else y[:, None]


def _strength(x: np.ndarray, there: np.ndarray, y: np.ndarray, told: np.ndarray, classes: int) -> float:
    """How much a number tells: of an order how well it orders, of classes how much less is left to ask."""
    if not classes:
        return abs(np.corrcoef(_ranks(x[there]), _ranks(y)[there])[0, 1]) * there.mean()
    edges = _edges(x[there])
    step = np.where(there, np.digitize(np.where(there, x, 0), edges), len(edges) + 1)
    counts = np.zeros((len(edges) + 2, told.shape[1]))
    np.add.at(counts, step, told)
    return _entropy(counts.sum(axis=0)) - sum(_entropy(one) * one.sum() for one in counts) / len(x)


def _entropy(counts: np.ndarray) -> float:
    share = counts[counts > 0] / max(counts.sum(), 1)
    return float(-(share * np.log(share)).sum())


def _edges(x: np.ndarray) -> list[float]:
    edges = np.quantile(x, np.linspace(0, 1, BINS + 1)[1:-1])
    return sorted({float(f"{edge:.4g}") for edge in edges if edge > x.min()})


def _rule(name: str, x: np.ndarray, told: np.ndarray, aim: str) -> Rule:
    there = np.isfinite(x)
    edges, usual = _edges(x[there]), np.median if aim == "mae" else np.mean
    step, overall = np.digitize(x[there], edges), usual(told, axis=0)

    def worth(rows: np.ndarray) -> tuple[float, ...]:
        own = usual(rows, axis=0) if len(rows) else overall
        value = (len(rows) * own + SHRUNK_BY * overall) / (len(rows) + SHRUNK_BY)
        if aim == "binary":
            value = np.clip(value, SURE, 1 - SURE)
        return tuple(_shares(value) if aim == "multiclass" else value.tolist())

    values = tuple(worth(told[there][step == i]) for i in range(len(edges) + 1))
    return Rule(name, tuple(edges), values, worth(told[~there]))


def _shares(value: np.ndarray) -> list[float]:
    """Probabilities as they are written, with four digits, the greatest so that they add up to one."""
    shares = [round(max(float(one), SURE), 4) for one in value]
    most = int(np.argmax(value))
    shares[most] = round(1 - sum(shares[:most] + shares[most + 1 :]), 4)
    return shares


def _ranks(x: np.ndarray) -> np.ndarray:
    """Ranks, ties alike."""
    _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[inverse]
