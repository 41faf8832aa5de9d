"""Histograms for people hold every row that has a value, where it is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.statistics.histogram import Cell, rebin

values = st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=60)


def cells(then: list[float], now: list[float], edges: list[float]) -> list[Cell]:
    """The cells of a profile with these edges: below, [edge, next), the largest value itself, above."""
    low, high = edges[0], edges[-1]
    inside = [
        Cell(a, b, *(sum(a <= x < b for x in side) for side in (then, now))) for a, b in pairwise(edges)
    ]  # fmt: skip
    ends = [
        Cell(None, low, *(sum(x < low for x in side) for side in (then, now))),
        Cell(high, high, *(sum(x == high for x in side) for side in (then, now))),
        Cell(high, None, *(sum(x > high for x in side) for side in (then, now))),
    ]
    return [ends[0], *inside, *ends[1:]]


@given(values, values)
def test_every_row_is_in_some_bin_then_and_now(then: list[float], now: list[float]) -> None:
    found = rebin(cells(then, now, sorted(set(then))))
    assert found.then.sum() == pytest.approx(1) and found.now.sum() == pytest.approx(1)
    assert (found.then >= 0).all() and (found.now >= 0).all()
    assert (np.diff(found.edges) > 0).all()


@given(st.lists(st.integers(0, 23), min_size=1, max_size=200))
def test_bins_that_are_cells_count_what_numpy_counts(rows: list[int]) -> None:
    hours = [float(hour) for hour in range(25)]
    found = rebin(cells([float(x) for x in rows], [float(x) for x in rows], hours), 24, (0, 24))
    assert found.then == pytest.approx(np.histogram(rows, bins=24, range=(0, 24))[0] / len(rows))
    assert found.now == pytest.approx(found.then)


def test_a_shift_moves_the_rows_and_what_lies_beyond_is_counted_at_the_end() -> None:
    edges = [float(x) for x in range(11)]
    found = rebin(cells([0.5, 5.5, 9.5], [9.5, 50.0, 60.0], edges), 10, (0, 10))
    assert found.then == pytest.approx([1 / 3, 0, 0, 0, 0, 1 / 3, 0, 0, 0, 1 / 3])
    assert found.now == pytest.approx([0, 0, 0, 0, 0, 0, 0, 0, 0, 1])


def test_an_outlier_does_not_squeeze_all_others_into_one_bin() -> None:
    rows = [x / 100 for x in range(1000)] + [1e9]
    found = rebin(cells(rows, rows, [*sorted(rows)[::10], 1e9]))
    assert found.edges[-1] < 100 and (found.then > 0).sum() > 20


@pytest.mark.parametrize("side", [([1.0], []), ([], [1.0]), ([], [])])
def test_without_rows_on_either_side_there_is_nothing_to_compare(side: tuple[list[float], list[float]]) -> None:
    assert rebin(cells(*side, [0.0, 2.0])) is None
