"""An estimate with its interval, from a standard error and Student's t."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ml.statistics import student


class Interval(NamedTuple):
    """An estimate with its two-sided interval of level 1 - alpha; infinite when there is but one cluster.

    `least` and `most` are what the estimated can be. Decisions look at `low` and `high`, people at `shown`.
    """

    estimate: float
    low: float
    high: float
    se: float
    rows: int
    clusters: int
    freedom: float | None = None  # of Student's t; clusters - 1 where it is not said
    least: float = -np.inf
    most: float = np.inf

    @property
    def shown(self) -> tuple[float, float, float]:
        """The estimate and the ends, cut to what the estimated can be."""
        return self.estimate, max(self.least, self.low), min(self.most, self.high)

    @property
    def says_nothing(self) -> bool:
        """Whether the interval holds everything that the estimated can be."""
        return is_everything(self.low, self.high, self.least, self.most)

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
        return self._replace(low=max(low, self.low), high=min(high, self.high), least=low, most=high)

    def times(self, factor: float) -> "Interval":
        """In another unit, of which one is `factor`."""
        scaled = (self.estimate, self.low, self.high, self.se, self.least, self.most)
        names = ("estimate", "low", "high", "se", "least", "most")
        return self._replace(**{name: value * factor for name, value in zip(names, scaled, strict=True)})


def is_everything(low: float, high: float, least: float, most: float) -> bool:
    """Whether an interval holds all that the estimated can be, so that it says nothing; not a number holds everything."""
    return not (low > least or high < most)


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
    """`+0.0012 (-0.0031 to +0.0055)`, of whatever begins with an estimate and its two ends; in words where they say nothing."""
    estimate, low, high = found.shown if isinstance(found, Interval) else found[:3]
    if isinstance(found, Interval) and found.says_nothing:
        anything = f": it may be anything from {low:+g} to {high:+g}" if np.isfinite([low, high]).all() else ""
        return f"{estimate:+.{digits}f} (too few rows to say{anything})"
    return f"{estimate:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"
