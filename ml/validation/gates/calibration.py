"""Do the scores mean what they say? Checks for sanity: a season that moved away from both models blocks neither."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from ml.statistics.bootstrap import interval
from ml.statistics.evaluate import ece
from ml.statistics.jackknife import mean
from ml.statistics.recalibrate import shift, slope
from ml.validation.gates.gate import Evidence, Gate

# Fifteen points: an interval that claims 80 and holds 65 in a hundred, or 95 and 80, is not one to plan with.
COVERAGE_LIMIT = 0.15
# Ten points: beyond that a threshold computed from costs decides wrongly on a large part of the rows.
ECE_LIMIT = 0.10
# Log-odds half or twice as wide as they should be: a score of .8 that stands for .67, or for .94.
FLAT, STEEP = 0.5, 2.0


def trusted(evidence: Evidence) -> Iterator[Gate]:
    """What is asked of scores of this task."""
    for ask in OF_TASK[evidence.task.name]:
        yield from ask(evidence)


def calibrated(evidence: Evidence) -> Iterator[Gate]:
    """The scores are probabilities to within ten points, of classes in their mean, or not further off than the champion's."""
    rows = evidence.rows
    found = interval("ece", rows.label, evidence.challenger, rows.cluster, weight=rows.weight, alpha=2 * evidence.alpha)
    limit = ECE_LIMIT
    if evidence.champion is not None:
        limit = max(limit, ece(evidence.rows.label, evidence.champion, evidence.rows.weight))
    passed = True if found.estimate <= limit else False if found.low > limit else None
    reason = f"calibration error {found.estimate:.4f} ({found.low:.4f} to {found.high:.4f}), allowed {limit:.4f}"
    yield Gate("calibrated", *found.shown, limit, passed, reason, found.p_above(limit))


def covered(evidence: Evidence) -> Iterator[Gate]:
    """Intervals hold the truth as often as they claim, to within fifteen points or as often as the champion's."""
    if evidence.ranges is None:
        return
    for level, held in evidence.ranges.challenger.items():
        rows = evidence.rows
        found = mean(held, rows.cluster, weight=rows.weight, alpha=2 * evidence.alpha, overlap=rows.overlap).within(0.0, 1.0)
        limit = level / 100 - COVERAGE_LIMIT
        if level in evidence.ranges.champion:
            limit = min(limit, float(np.average(evidence.ranges.champion[level], weights=evidence.rows.weight)))
        passed = True if found.estimate >= limit else False if found.high < limit else None
        reason = (
            f"intervals that claim {level} % hold the truth in {found.estimate:.1%} ({found.low:.1%} to {found.high:.1%}) of the "
            f"rows, needed {limit:.1%}"
        )
        yield Gate(f"covers_{level}", *found.shown, limit, passed, reason, found.p_below(limit))


def sloped(evidence: Evidence) -> Iterator[Gate]:
    """The log-odds are as wide as they should be (slope 1), to a factor of two or no further off than the champion's."""
    rows = (evidence.rows.cluster, evidence.rows.weight, 2 * evidence.alpha)
    found = slope(evidence.rows.label, evidence.challenger, *rows)
    by = shift(evidence.rows.label, evidence.challenger, *rows)
    low, high = FLAT, STEEP
    if evidence.champion is not None:
        theirs = slope(evidence.rows.label, evidence.champion, *rows).estimate
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
    yield Gate("slope", *found.shown, nearest, passed, reason, p_value)


OF_TASK: dict[str, tuple[Callable[[Evidence], Iterable[Gate]], ...]] = {
    "binary": (calibrated, sloped),
    "regression": (covered,),
    "multiclass": (calibrated,),
}
