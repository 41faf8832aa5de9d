"""An estimate with its interval, from a standard error and Student's t."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ml.statistics import student


class Interval(NamedTuple):
    """An estimate with its two-sided interval of level 1 - alpha; infinite when there is but one cluster."""

    estimate: float
    low: float
    high: float
    se: float
    rows: int
    clusters: int
    freedom: float | None = None  # of Student's t; clusters - 1 where it is not said

    def p_above(self, bound: float) -> float:
        """One-sided p-value of "not above `bound`": small where the truth is above it. low > bound iff it is < alpha / 2."""
        if self.se == 0:
            return 0.0 if self.estimate > bound else 1.0
        if not np.isfinite(self.se):
            return 1.0
        return student.tail((self.estimate - bound) / self.se, self.freedom or self.clusters - 1)

    def p_below(self, bound: float) -> float:
        """One-sided p-value of "not below `bound`": small where the truth is below it."""
        return self._replace(estimate=-self.estimate).p_above(-bound)

    def within(self, low: float, high: float) -> "Interval":
        """The interval cut to the values that the estimated can take."""
        return self._replace(low=max(low, self.low), high=min(high, self.high))

    def times(self, factor: float) -> "Interval":
        """In another unit, of which one is `factor`."""
        return self._replace(estimate=self.estimate * factor, low=self.low * factor, high=self.high * factor, se=self.se * factor)


def around(estimate: float, se: float, rows: int, clusters: int, alpha: float, freedom: float | None = None) -> Interval:
    """estimate ± t · se, with Student's t on `freedom` degrees of freedom, clusters - 1 where it is None.

    With 20 to 40 days this covers better than the normal distribution would (Cameron, Gelbach, Miller 2008). Infinite where there
    is but one cluster, or no error is known.
    """
    if clusters < 2 or not np.isfinite(se):
        return Interval(estimate, -np.inf, np.inf, np.inf, rows, clusters)
    reach = student.quantile(1 - alpha / 2, freedom or clusters - 1) * se
    return Interval(estimate, estimate - reach, estimate + reach, se, rows, clusters, freedom)


def figures(found: Sequence[float], digits: int = 4) -> str:
    """`+0.0012 (-0.0031 to +0.0055)`, of whatever begins with an estimate and its two ends."""
    estimate, low, high = found[:3]
    return f"{estimate:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"
