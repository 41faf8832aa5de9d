"""Are the scores probabilities? Checks for sanity: a season that moved away from both models blocks neither."""

from collections.abc import Iterator

import numpy as np

from ml.bootstrap import interval
from ml.evaluate import ece
from ml.gates.gate import Evidence, Gate
from ml.recalibrate import shift, slope

# Ten points: beyond that a threshold computed from costs decides wrongly on a large part of the rows.
ECE_LIMIT = 0.10
# Log-odds half or twice as wide as they should be: a score of .8 that stands for .67, or for .94.
FLAT, STEEP = 0.5, 2.0


def calibrated(evidence: Evidence) -> Iterator[Gate]:
    """The scores are probabilities to within ten points, or at least not further off than the champion's."""
    found = interval(
        "ece", evidence.label, evidence.challenger, evidence.cluster, weight=evidence.weight, alpha=2 * evidence.alpha
    )
    limit = ECE_LIMIT
    if evidence.champion is not None:
        limit = max(limit, ece(evidence.label, evidence.champion, evidence.weight))
    passed = True if found.estimate <= limit else False if found.low > limit else None
    reason = f"calibration error {found.estimate:.4f} ({found.low:.4f} to {found.high:.4f}), allowed {limit:.4f}"
    yield Gate("calibrated", *found[:3], limit, passed, reason, found.p_above(limit))


def sloped(evidence: Evidence) -> Iterator[Gate]:
    """The log-odds are as wide as they should be (slope 1), to a factor of two or no further off than the champion's."""
    rows = (evidence.cluster, evidence.weight, 2 * evidence.alpha)
    found = slope(evidence.label, evidence.challenger, *rows)
    by = shift(evidence.label, evidence.challenger, *rows)
    low, high = FLAT, STEEP
    if evidence.champion is not None:
        theirs = slope(evidence.label, evidence.champion, *rows).estimate
        if np.isfinite(theirs):
            low, high = min(low, theirs), max(high, theirs)
    inside = low <= found.estimate <= high
    shown = found.high < low or found.low > high
    passed = True if inside else False if shown else None
    nearest = low if found.estimate < 1 else high
    reason = (
        f"calibration slope {found.estimate:.3f} ({found.low:.3f} to {found.high:.3f}), allowed {low:.2f} to {high:.2f}; "
        f"the log-odds lie {by.estimate:+.3f} ({by.low:+.3f} to {by.high:+.3f}) from the truth on the whole"
    )
    p_value = found.p_below(low) if nearest == low else found.p_above(high)
    yield Gate("slope", *found[:3], nearest, passed, reason, p_value)
