"""Histograms for people from the cells of a profile: the counts of quantile cells, spread over bins of equal width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

BINS = 24
# What may lie beyond the picture at either end: the outermost of a hundred cells, whose end is that of the farthest outlier.
TAIL = 0.015


class Cell(NamedTuple):
    """Rows with low <= value < high, or with the value itself where they are equal; None where there is no such end."""

    low: float | None
    high: float | None
    then: int
    now: int


class Histogram(NamedTuple):
    """`edges` (bins + 1) and the share of all rows that have a value in each bin, then and now; ends hold what lies beyond."""

    edges: np.ndarray
    then: np.ndarray
    now: np.ndarray


def rebin(cells: Sequence[Cell], bins: int = BINS, span: tuple[float, float] | None = None) -> Histogram | None:
    """Both histograms over the same bins; None when then or now has no row with a value. Within a cell rows lie evenly.

    `span` is where the bins begin and end; by default where the values of then do, but for their tails.
    """
    cells = [cell for cell in cells if cell.then or cell.now]
    ends = [end for cell in cells for end in (cell.low, cell.high) if end is not None]
    totals = sum(cell.then for cell in cells), sum(cell.now for cell in cells)
    if not ends or not all(totals):
        return None
    edges = np.linspace(*(span or _range(cells, min(ends), max(ends))), bins + 1)
    shares = np.zeros((2, bins))
    for cell in cells:
        weight = _spread(cell, edges)
        for at, rows in enumerate((cell.then, cell.now)):
            shares[at] += weight * rows / totals[at]
    return Histogram(edges, *shares)


def _range(cells: Sequence[Cell], least: float, most: float) -> tuple[float, float]:
    """Between the tails of what was then; whole cells, and a width that is not zero."""
    bounded = sorted((cell.low, cell.high, cell.then) for cell in cells if cell.low is not None and cell.high is not None)
    total, before, low, high = sum(cell.then for cell in cells), 0, least, most
    for cell_low, cell_high, then in bounded:
        if before <= TAIL * total:
            low = cell_low
        before += then
        if before >= (1 - TAIL) * total:
            high = cell_high
            break
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _spread(cell: Cell, edges: np.ndarray) -> np.ndarray:
    """The share of a cell in each bin: sums to one."""
    low = edges[0] if cell.low is None else cell.low
    high = edges[-1] if cell.high is None else cell.high
    low, high = (min(max(end, edges[0]), edges[-1]) for end in (low, max(high, low)))
    if high <= low:  # one value, or all of it beyond an end
        at = min(max(int(np.searchsorted(edges, low, side="right")) - 1, 0), len(edges) - 2)
        return np.eye(len(edges) - 1)[at]
    return np.maximum(0, np.minimum(edges[1:], high) - np.maximum(edges[:-1], low)) / (high - low)
