"""Calibration: a monotone map from a raw score to a probability, kept only where it demonstrably helps.

A calibrator is a JSON-able dict: {"kind": "none"}, {"kind": "platt", "slope": a, "intercept": b} or {"kind":
"isotonic", "x": [...], "y": [...]}, where x and y are log-odds. All three keep the order of the scores
(outside of the last digits), so the ranking of a model does not depend on its calibrator. {"kind": "one_vs_rest", "classes":
[...]} holds one of them for each class, after which probabilities are made to add up to 1 again (Zadrozny and Elkan 2002);
{"kind": "conformal", ...} is that of a number, which it leaves as it is within the ends that labels have
(`ml.models.conformal`).
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ml.models import conformal
from ml.statistics.evaluate import CLIP, expit

# Isotonic regression fits noise where it has few rows per step; twenty equal-mass bins keep a few hundred
# rows each.
KNOTS = 20
# Blocks of time for cross-validation: enough that each fit sees most rows, few enough that a block holds
# whole weeks.
BLOCKS = 5
# Of a class: a rate of fifty rows errs by a seventh of itself, and a curve through fewer follows single rows.
FEWEST = 50

Calibrator = Mapping[str, Any]
NONE: dict[str, Any] = {"kind": "none"}


def apply(calibrator: Calibrator, raw: np.ndarray) -> np.ndarray:
    """Calibrated probabilities of raw ones, float64, clipped to [1e-6, 1 - 1e-6]; numbers within their declared range."""
    kind = calibrator["kind"]
    if kind == "conformal":
        return conformal.ends_of(calibrator).within(raw)
    if kind == "one_vs_rest":
        each = np.column_stack([apply(one, raw[:, at]) for at, one in enumerate(calibrator["classes"])])
        return each / each.sum(axis=1, keepdims=True)
    raw = np.clip(np.asarray(raw, dtype=np.float64), CLIP, 1 - CLIP)
    if kind == "none":
        return raw
    logit = np.log(raw) - np.log1p(-raw)
    if kind == "platt":
        z = calibrator["slope"] * logit + calibrator["intercept"]
    elif kind == "isotonic":
        z = _interpolate(logit, np.asarray(calibrator["x"]), np.asarray(calibrator["y"]))
    else:
        raise ValueError(f"calibrator kind {kind!r} is unknown")
    return np.clip(expit(z), CLIP, 1 - CLIP)


def platt(raw: np.ndarray, label: np.ndarray, weight: np.ndarray | None = None) -> dict[str, Any]:
    """Logistic regression of the label on the raw log-odds, by Newton's method (Platt 1999, without his
    targets).

    A slope that is not positive would turn the ranking round; then the calibrator is none.
    """
    raw, weight = np.clip(raw, CLIP, 1 - CLIP), _weights(weight, len(raw))
    design = np.column_stack([np.log(raw) - np.log1p(-raw), np.ones(len(raw))])
    beta = np.array([1.0, 0.0])
    for _ in range(50):
        p = expit(design @ beta)
        # The ridge keeps the step finite when the classes are separable; it is far below one row's weight.
        hessian = (design * (weight * p * (1 - p))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, design.T @ (weight * (label - p)))
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            break
    if not np.isfinite(beta).all() or beta[0] <= 0:
        return dict(NONE)
    return {"kind": "platt", "slope": float(beta[0]), "intercept": float(beta[1])}


def isotonic(raw: np.ndarray, label: np.ndarray, weight: np.ndarray | None = None, knots: int = KNOTS) -> dict[str, Any]:
    """Isotonic regression on at most `knots` equal-mass bins, straight between their centres in log-odds."""
    raw, weight = np.clip(raw, CLIP, 1 - CLIP), _weights(weight, len(raw))
    logit = np.log(raw) - np.log1p(-raw)
    edges = np.unique(np.quantile(logit, np.linspace(0, 1, knots + 1)[1:-1]))
    cell = np.searchsorted(edges, logit, side="right")
    mass, truth, place = (np.bincount(cell, values) for values in (weight, weight * label, weight * logit))
    mass, truth, place = mass[mass > 0], truth[mass > 0], place[mass > 0]
    # One row's worth of the base rate in each bin keeps a bin without a positive away from minus infinity.
    smooth = (truth + truth.sum() / mass.sum()) / (mass + 1)
    rate, block = pav(smooth, mass)
    x = np.bincount(block, place) / np.bincount(block, mass)
    rate = np.clip(rate[np.unique(block, return_index=True)[1]], CLIP, 1 - CLIP)
    return {"kind": "isotonic", "x": x.tolist(), "y": (np.log(rate) - np.log1p(-rate)).tolist()}


def pav(y: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pool adjacent violators.

    The non-decreasing fit of `y` (weighted least squares), and the block of each point.
    """
    values, masses, sizes = [], [], []
    for value, mass in zip(np.asarray(y, float).tolist(), np.asarray(weight, float).tolist(), strict=True):
        size = 1
        while values and values[-1] >= value:
            last, before = masses.pop(), values.pop()
            value, mass = (before * last + value * mass) / (last + mass), last + mass
            size += sizes.pop()
        values.append(value)
        masses.append(mass)
        sizes.append(size)
    return np.repeat(values, sizes), np.repeat(np.arange(len(sizes)), sizes)


def choose(raw: np.ndarray, label: np.ndarray, day: np.ndarray, weight: np.ndarray | None = None) -> dict[str, Any]:
    """The calibrator that wins in cross-validation over blocks of time, or none.

    One is kept only if its mean gain in log loss, on days its fit has not seen, exceeds the standard error of
    that gain over days. The dict also carries `gain` and `gain_se` (log loss) of the winner.
    """
    weight = _weights(weight, len(raw))
    order, days = np.unique(day, return_inverse=True)
    if len(order) < 2 * BLOCKS:
        return dict(NONE)
    block = days * BLOCKS // len(order)
    base, best = _loss(apply(NONE, raw), label), dict(NONE)
    for fit in (platt, isotonic):
        gain = np.zeros(len(raw))
        for held in range(BLOCKS):
            inside = block == held
            fitted = fit(raw[~inside], label[~inside], weight[~inside])
            gain[inside] = base[inside] - _loss(apply(fitted, raw[inside]), label[inside])
        mass, total = np.bincount(days, weight), np.bincount(days, weight * gain)
        mean = total.sum() / mass.sum()
        error = np.sqrt(np.sum((total - mean * mass) ** 2) * len(mass) / (len(mass) - 1)) / mass.sum()
        if mean > error and mean > best.get("gain", 0.0):
            best = {**fit(raw, label, weight), "gain": float(mean), "gain_se": float(error)}
    return best


def of_kind(kind: str, raw: np.ndarray, label: np.ndarray, day: np.ndarray, weight: np.ndarray | None = None) -> dict[str, Any]:
    """A calibrator of the kind named; `auto` lets `choose` choose. Rows of weight 0 say nothing."""
    counts = _weights(weight, len(raw)) > 0
    if not counts.all():
        raw, label, day, weight = raw[counts], label[counts], day[counts], weight[counts]
    return choose(raw, label, day, weight) if kind == "auto" else FITS[kind](raw, label, weight)


def one_vs_rest(
    kind: str, raw: np.ndarray, label: np.ndarray, day: np.ndarray, weight: np.ndarray | None = None
) -> dict[str, Any]:
    """The same of raw probabilities (rows, classes), each class by itself; one with too few rows here stays as it is."""
    found = []
    for code in range(raw.shape[1]):
        is_it = (label == code).astype(np.float64)
        few = min(is_it.sum(), len(is_it) - is_it.sum()) < FEWEST
        found.append(dict(NONE) if few else of_kind(kind, raw[:, code], is_it, day, weight))
    return {"kind": "one_vs_rest", "classes": found}


def shifted(calibrator: Calibrator, shift: float) -> dict[str, Any]:
    """The calibrator that gives for a raw score what `calibrator` gives for one whose log-odds lie `shift` higher.

    A model that saw the share s of the negatives claims odds 1 / s too high: shift log(s) undoes that.
    """
    if shift == 0:
        return dict(calibrator)
    if calibrator["kind"] == "none":
        return {**calibrator, "kind": "platt", "slope": 1.0, "intercept": shift}
    if calibrator["kind"] == "platt":
        return {**calibrator, "intercept": calibrator["slope"] * shift + calibrator["intercept"]}
    return {**calibrator, "x": [x - shift for x in calibrator["x"]]}


def _interpolate(z: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    # Beyond the outer knots the line goes on with slope 1, so that the highest scores keep their order.
    return np.interp(z, x, y) + np.minimum(z - x[0], 0) + np.maximum(z - x[-1], 0)


def _loss(p: np.ndarray, label: np.ndarray) -> np.ndarray:
    return -(label * np.log(p) + (1 - label) * np.log1p(-p))


def _weights(weight: np.ndarray | None, rows: int) -> np.ndarray:
    return np.ones(rows) if weight is None else np.asarray(weight, dtype=np.float64)


FITS: dict[str, Callable[..., dict[str, Any]]] = {
    "none": lambda raw, label, weight=None: dict(NONE),
    "platt": platt,
    "isotonic": isotonic,
}
