"""Is the test set fit to judge anything on?"""

from collections.abc import Iterator

import numpy as np

from ml.gates.gate import Evidence, Gate

# Fewer clusters than this and the bootstrap's standard error is itself a guess.
MIN_CLUSTERS = 10
# Of each class: the error of an AUC on 50 positives is about .04, wider than any margin worth declaring.
MIN_OF_CLASS = 50
# A tenth of what the model learned from: without it a ROC AUC moves by more than margins are wide.
BROKEN_GAIN = 0.10


def fit_to_compare(label: np.ndarray, cluster: np.ndarray) -> bool:
    """Whether rows hold clusters and both classes enough for an interval."""
    positives = int(label.sum())
    return len(np.unique(cluster)) >= MIN_CLUSTERS and min(positives, len(label) - positives) >= MIN_OF_CLASS


def enough(evidence: Evidence) -> Iterator[Gate]:
    """Are there rows enough to say anything?"""
    clusters, positives = len(np.unique(evidence.cluster)), int(evidence.label.sum())
    passed = True if fit_to_compare(evidence.label, evidence.cluster) else None
    reason = (
        f"{len(evidence.label)} rows on {clusters} {evidence.unit}, {positives} of them positive; "
        f"needed are {MIN_CLUSTERS} {evidence.unit} and {MIN_OF_CLASS} rows of each class"
    )
    more = None if passed else _missing(evidence, clusters, positives)
    yield Gate("enough", len(evidence.label), np.nan, np.nan, MIN_CLUSTERS, passed, reason, more=more)


def _missing(evidence: Evidence, clusters: int, positives: int) -> int:
    rarer = min(positives, len(evidence.label) - positives)
    for_classes = np.ceil(clusters * (MIN_OF_CLASS / max(rarer, 1) - 1))
    return int(max(MIN_CLUSTERS - clusters, for_classes, 1))


def same_world(evidence: Evidence) -> Iterator[Gate]:
    """Does the test set look like the rows before it, up to what seasons do? On a broken one nothing is decided."""
    drift = evidence.drift
    if drift is None:
        return
    broken = sorted((one for one in drift.moved if one.broken), key=lambda one: -one.gain)
    gain = sum(one.gain for one in broken)
    decisive = [one for one in broken if one.decisive]
    passed = None if decisive or gain > BROKEN_GAIN else True
    told = "; ".join(one.said for one in (decisive or broken)[:3])
    compared = f"compared with {drift.windows} earlier stretches of the same length"
    if passed is None:
        reason = f"the test set is broken, not merely another season ({compared}): {told}; mend the data, then judge again"
    elif broken:
        reason = f"{told}: only {gain:.1%} of what the model learned ({compared})"
    else:
        reason = f"no feature moved further than seasons move it ({compared})"
    yield Gate("same_world", gain, np.nan, np.nan, BROKEN_GAIN, passed, reason)
