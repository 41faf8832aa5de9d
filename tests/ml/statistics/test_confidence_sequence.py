"""A bound that is looked at each day holds each day."""

import numpy as np
import pytest

from ml.statistics.confidence_sequence import bounds
from ml.statistics.interval import around
from ml.statistics.jackknife import spread


def looks(rng: np.random.Generator, trials: int, days: int, heavy: bool) -> tuple[np.ndarray, np.ndarray]:
    """Share of lives in which the bound failed once within so many days, by the sequence and by an interval looked at daily."""
    failed = np.zeros((trials, 2), dtype=bool)
    for trial in range(trials):
        day = rng.standard_t(4, days) if heavy else rng.normal(size=days)
        for t in range(10, days + 1):
            seen = day[:t]
            without = np.r_[seen.mean(), (seen.sum() - seen) / (t - 1)]
            found = spread(without, t, t, 0.1, ordered=True)
            failed[trial] |= bounds(found, 0.05, 28).low > 0, found.low > 0
    return failed.mean(axis=0)


@pytest.mark.parametrize("heavy", [False, True], ids=["calm days", "stormy days"])
def test_looking_each_day_does_not_raise_the_error(heavy) -> None:
    sequence, interval = looks(np.random.default_rng(7), 300, 120, heavy)
    assert sequence <= 0.05, sequence
    assert interval > 0.1, "looking daily at an interval errs far more often than it claims; else this test shows nothing"


def test_it_is_narrowest_against_an_interval_near_the_days_it_was_made_for() -> None:
    def times(days: int) -> float:
        found = around(0.0, 1.0, days, days, 0.1, 1e6)
        return bounds(found, 0.05, 60).high

    assert times(60) < times(6) and times(60) < times(6000)


def test_nothing_to_go_by_stays_nothing() -> None:
    assert np.isinf(bounds(around(0.1, np.inf, 1, 1, 0.1), 0.05, 28).high)
    assert bounds(around(0.1, 0.0, 20, 20, 0.1), 0.05, 28).low == pytest.approx(0.1)
