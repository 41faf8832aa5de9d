"""Intervals around predicted numbers that hold the truth as often as they claim: split conformal prediction.

What is added to a prediction are quantiles of the errors on rows that no tree has seen, apart for rows with low and with high
predictions, because errors grow with what is predicted (Vovk, Gammerman and Shafer 2005; by group: Vovk 2012, Mondrian conformal
prediction). Of n errors the k-th smallest with k = (n + 1) a lies above the next one with probability a, whatever their
distribution, as long as the next one comes from the same: seasons may change that, and monitors count how often the truth lay
within. Where the declaration says between which ends labels lie, predictions and intervals are cut off there: no truth lies
beyond, so the intervals hold it as often as before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ml.problem.declared.label_range import ANY, LabelRange
from ml.problem.declared.spec import LEVELS

# The outermost of forty errors speaks for one in forty: with six times as many its place varies by two fifths of that.
ROWS, MOST_BINS = 250, 8
# So many errors have one at each end that is as far out as the widest interval claims: of n errors the smallest lies above the
# next one with probability 1 / (n + 1).
NEEDED = round(2 / (1 - max(LEVELS) / 100)) - 1
NONE: dict[str, Any] = {"kind": "conformal", "edges": [], "reach": {}}


def uncalibrated(ends: LabelRange) -> dict[str, Any]:
    """Without intervals; `label_range` holds the declared ends, and is left out where there are none."""
    return {**NONE, **({"label_range": ends.declared} if ends.declared else {})}


def fit(score: np.ndarray, label: np.ndarray, ends: LabelRange = ANY) -> dict[str, Any]:
    """What is to be added to a prediction, by level and bin of predictions: {"kind", "edges", "reach": {"80": [lows, highs]}}."""
    score = ends.within(score)
    bins = int(np.clip(len(score) // ROWS, 1, MOST_BINS))
    edges = np.unique(np.quantile(score, np.linspace(0, 1, bins + 1)[1:-1]))
    cell = np.searchsorted(edges, score, side="right")
    errors = [np.sort((label - score)[cell == number]) for number in range(len(edges) + 1)]
    errors = [part if len(part) else np.sort(label - score) for part in errors]
    reach = {str(level): [list(side) for side in zip(*(_ends(part, level) for part in errors), strict=True)] for level in LEVELS}
    return {**uncalibrated(ends), "edges": edges.tolist(), "reach": reach}


def ends_of(calibrator: Mapping[str, Any]) -> LabelRange:
    """The ends that labels were declared to lie between when the calibrator was fitted."""
    return LabelRange(**calibrator.get("label_range", {}))


def ranges(calibrator: Mapping[str, Any], score: np.ndarray) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """The lower and the upper end for each prediction, by level in per cent; empty where there is no interval."""
    cell = np.searchsorted(np.asarray(calibrator["edges"]), score, side="right")
    within, reach = ends_of(calibrator).within, calibrator["reach"]
    return {int(level): tuple(within(score + np.asarray(side)[cell]) for side in sides) for level, sides in reach.items()}


def inside(label: np.ndarray, ends: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Whether the truth lies within its interval, ends included, as 0 or 1."""
    return ((ends[0] <= label) & (label <= ends[1])).astype(np.float64)


def _ends(errors: np.ndarray, level: int) -> tuple[float, float]:
    rows, beyond = len(errors), (1 - level / 100) / 2
    low, high = int(np.floor((rows + 1) * beyond)), int(np.ceil((rows + 1) * (1 - beyond)))
    # Of too few errors none is so far out: then the farthest has to do, and the interval holds a little less than it claims.
    return float(errors[max(low, 1) - 1]), float(errors[min(high, rows) - 1])
