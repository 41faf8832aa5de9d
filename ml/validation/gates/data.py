"""Is the test set fit to judge anything on?"""

from collections.abc import Iterator

import numpy as np

from ml.problem.split import days
from ml.statistics.evaluate import rarer
from ml.statistics.slices import MIN_CLUSTERS, MIN_OF_CLASS, large_enough
from ml.validation.gates.gate import LONGEST_WAIT, Evidence, Gate, longer

# A tenth of what the model learned from: without it a ROC AUC moves by more than margins are wide.
BROKEN_GAIN = 0.10


def enough(evidence: Evidence) -> Iterator[Gate]:
    """Are there rows enough to say anything?"""
    label, clusters = evidence.rows.label, len(np.unique(evidence.rows.cluster))
    passed = True if large_enough(label, evidence.rows.cluster, evidence.problem.metric) else None
    reason = (
        f"{len(evidence.rows)} rows on {clusters} {evidence.unit}{evidence.task.counted(label, evidence.problem)}; "
        f"needed are {MIN_CLUSTERS} {evidence.unit} and {MIN_OF_CLASS} rows{evidence.task.of_each}"
    )
    if evidence.rows.weight is not None and not passed:
        reason += "; only rows with a weight above 0 count"
    few = rarer(evidence.problem.metric, label)
    more = None if passed else _missing(clusters, few)
    if more and not evidence.live:
        reason += f"; {_window(evidence, clusters, few)}"
    yield Gate("enough", len(evidence.rows), np.nan, np.nan, MIN_CLUSTERS, passed, reason, more=more)


def _missing(clusters: int, rows: int) -> int:
    for_classes = np.ceil(clusters * (MIN_OF_CLASS / max(rows, 1) - 1))
    return int(max(MIN_CLUSTERS - clusters, for_classes, 1))


def _window(evidence: Evidence, clusters: int, few: int) -> str:
    """In words: which window would hold what is missing, since a holdout moves on and does not grow."""
    by_day, now = evidence.problem.cluster == "day", evidence.problem.holdout_days
    short = f"a window of holdout_days {now} holds no more"
    if not by_day and clusters < MIN_CLUSTERS:
        return f"no holdout has more {evidence.unit}: ask about more of them, or leave out cluster"
    asked = clusters if by_day else len(np.unique(days(evidence.rows.as_of)))
    more = _missing(asked, few) if by_day else np.ceil(asked * (MIN_OF_CLASS / max(few, 1) - 1))
    if few == 0 or more > LONGEST_WAIT:
        return f"{short}, and days alone will not bring them soon: ask about more, or about what happens more often"
    needed = longer(more, evidence)
    return f"{short}; at this rate they need holdout_days {needed}: declare it when there is as much history, or ask about more"


def same_world(evidence: Evidence) -> Iterator[Gate]:
    """Does the test set look like the rows before it, up to what seasons do? On a broken one nothing is decided."""
    drift = evidence.drift
    if drift is None:
        return
    broken = sorted((one for one in drift.moved if one.broken), key=lambda one: -one.gain)
    gain = sum(one.gain for one in broken)
    decisive = [one for one in broken if one.decisive]
    passed = None if decisive or gain > BROKEN_GAIN else True
    broke = "; ".join(one.said for one in (decisive or broken)[:3])
    compared = f"compared with {drift.windows} earlier stretches of the same length"
    if passed is None:
        reason = f"the test set is broken, not merely another season ({compared}): {broke}; mend the data, then judge again"
    elif broken:
        reason = f"{broke}: only {gain:.1%} of what the model learned ({compared})"
    else:
        reason = f"no feature moved further than seasons move it ({compared})"
    yield Gate("same_world", gain, np.nan, np.nan, BROKEN_GAIN, passed, reason)


def fresh(evidence: Evidence) -> Iterator[Gate]:
    """Are the data that it learned from as new as the champion's? Who is trained later and is not has lost some on the way."""
    found = evidence.measured and evidence.measured.newest
    if not found:
        return
    newer = float((found.challenger - found.champion) / np.timedelta64(1, "D"))
    passed = newer >= 0
    said = "as new as the champion's" if passed else "older than the champion's, though it was trained later"
    until = " and ".join(f"{np.datetime_as_string(one, 'm').replace('T', ' ')}" for one in found)
    reason = f"the newest rows that it learned from are {said}: {until}"
    if not passed:
        reason += "; land what is missing, then train again"
    yield Gate("fresh", newer, np.nan, np.nan, 0.0, passed, reason, about="system")
