"""Thresholds come from what wrong answers cost, or from how many rows can be acted on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.models.decide import cost, threshold, value
from ml.problem.declared.spec import Costs, Decision

AUTO = Decision(None, None)


def test_a_declared_threshold_is_the_threshold():
    assert threshold(Decision(0.4, None), Costs(1, 3)) == 0.4


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.integers(0, 100))
def test_no_other_threshold_is_cheaper_on_calibrated_scores(fp, fn, seed):
    p = np.random.default_rng(seed).random(300)
    costs = Costs(fp, fn)

    def expected(limit):
        flagged = p >= limit
        return np.where(flagged, (1 - p) * fp, p * fn).sum()

    best = expected(threshold(AUTO, costs))
    assert all(best <= expected(limit) + 1e-9 for limit in np.linspace(0, 1, 101))


def test_a_capacity_is_reached_and_not_exceeded_without_ties():
    scores = np.random.default_rng(0).random(1000)
    flagged = scores >= threshold(Decision(None, 0.1), Costs(1, 1), scores)
    assert 95 <= flagged.sum() <= 100
    with pytest.raises(ValueError, match="needs scores"):
        threshold(Decision(None, 0.1), Costs(1, 1))


def test_costs_fall_on_wrong_rows_only():
    found = cost(np.array([1, 1, 0, 0]), np.array([True, False, True, False]), Costs(2, 5))
    np.testing.assert_array_equal(found, [0, 5, 2, 0])
    weighted = cost(np.array([1, 1]), np.array([False, False]), Costs(2, 5), np.array([1.0, 2.0]))
    np.testing.assert_array_equal(weighted, [5, 10])


def test_value_is_what_a_row_saves_against_the_better_blind_answer():
    label = np.array([1, 0, 0, 0])
    assert value(label, label == 1, Costs(1, 2)) == pytest.approx(0.5)
    assert value(label, np.zeros(4), Costs(1, 2)) == 0
    assert value(label, np.ones(4), Costs(1, 2)) < 0
