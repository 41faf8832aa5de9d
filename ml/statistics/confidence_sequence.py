"""Bounds that hold at every look: who looks each day errs as rarely as who looks once.

The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Oh (2024), one-sided, with Robbins' normal mixture:
after t clusters the bound lies

    se · sqrt(2 (t ρ² + 1) / (t ρ²) · log(1 + sqrt(t ρ² + 1) / (2 α)))

below (or above) the estimate, and no t in all time is expected at which it does not hold, but with probability α. ρ decides after
how many clusters it is narrowest. The standard error is that of a verdict; since it is a guess on few clusters, it is
taken so many times larger as the quantile of Student's t is beside that of the normal distribution.

Of days that differ as Student's t on 3 or 4 degrees of freedom 1 to 2 % of lives err within 90 days instead of 5. Of days of
which a few are disasters and all of one sign (lognormal, σ = 1) a fifth does: a month without one does not know of them.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from ml.statistics import student
from ml.statistics.interval import Interval


def bounds(found: Interval, alpha: float, narrowest: int) -> Interval:
    """The same estimate with the ends of a sequence that errs with probability `alpha` on each side, ever.

    `narrowest`: after so many clusters it is as narrow as such a sequence can be.
    """
    if not np.isfinite(found.se) or found.se == 0:
        return found
    squared = (-2 * np.log(2 * alpha) + np.log(-2 * np.log(2 * alpha)) + 1) / narrowest
    much = found.clusters * squared
    z = np.sqrt(2 * (much + 1) / much * np.log1p(np.sqrt(much + 1) / (2 * alpha)))
    few = student.quantile(1 - alpha, found.freedom or found.clusters - 1) / NormalDist().inv_cdf(1 - alpha)
    reach = found.se * float(z) * few
    return found._replace(low=found.estimate - reach, high=found.estimate + reach)
