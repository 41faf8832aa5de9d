"""May this challenger replace the champion? A pure function from scores on unseen rows to a verdict.

A gate answers True (holds), False (does not) or None (these rows cannot say). Any False keeps what is in
production, any None is inconclusive, all True promotes. The gates stand in `ml/validation/gates/`.
"""

from dataclasses import dataclass, replace

import numpy as np

from ml.errors import AsofError
from ml.models import tasks
from ml.statistics.evaluate import arrays
from ml.validation.gates import GATES, WITHOUT_METRIC, Evidence, Flags, Gate

PROMOTE, KEEP, INCONCLUSIVE = "PROMOTE", "KEEP", "INCONCLUSIVE"
# Where one of these is open, the rows decide nothing, however bad or good anything looks on them.
PRECONDITIONS = ("enough", "same_world")
# What a promotion stands on; the other gates only had nothing against it.
GROUNDS = ("beats_rule", "not_worse", "slices", "value")


@dataclass(frozen=True)
class Verdict:
    """PROMOTE, KEEP or INCONCLUSIVE.

    The gates behind it; on how many rows and clusters; why, in a sentence; the alpha it had; how many more clusters
    would decide every open gate, None where there is none or waiting would not help.
    """

    decision: str
    gates: tuple[Gate, ...]
    rows: int
    clusters: int
    reason: str
    alpha: float
    more: int | None


def judge(evidence: Evidence) -> Verdict:
    """The verdict on rows that neither challenger nor champion was trained on.

    A challenger that is worse by more than the margin is promoted with at most the probability `alpha`. Rows of weight 0 are no
    evidence. AsofError when scores are missing or of another number than rows, or no alpha is left.
    """
    rows, problem = evidence.rows, evidence.problem
    scores = (evidence.challenger, rows.rule, *(() if evidence.champion is None else (evidence.champion,)))
    arrays(rows.label, *scores, metric=problem.metric)
    if fault := tasks.of(problem).rule_faults(problem, rows.rule):
        raise AsofError(f"{problem.path}: {fault}")
    if evidence.alpha <= 0:
        raise AsofError("no alpha is left for these rows: too many challengers were judged on them; wait for new labels")
    if rows.weight is not None and not (counts := rows.weight > 0).all():
        evidence = _counted(evidence, counts)
    # Without two different labels there is no metric: only gates that look at other things are asked.
    asked = GATES if len(np.unique(evidence.rows.label)) > 1 else WITHOUT_METRIC
    return _verdict(tuple(gate for ask in asked for gate in ask(evidence)), evidence)


def _uncounted(gate: Gate) -> Gate:
    """A gate on rows that are too few, or of a broken test set: it cannot fail by them."""
    if gate.passed is not False or gate.about == "system":
        return gate
    return replace(
        gate, passed=None, reason=f"{gate.reason}; it does not count, because these rows are too few or no fair sample"
    )


def _counted(evidence: Evidence, counts: np.ndarray) -> Evidence:
    """Without the rows of weight 0, which must not make up a day, a class or a slice either."""
    return replace(
        evidence,
        rows=evidence.rows.take(counts),
        challenger=evidence.challenger[counts],
        champion=None if evidence.champion is None else evidence.champion[counts],
        flags=Flags(*(None if one is None else one[counts] for one in evidence.flags)),
        ranges=None if evidence.ranges is None else evidence.ranges.take(counts),
    )


def _verdict(gates: tuple[Gate, ...], evidence: Evidence) -> Verdict:
    void = [gate for gate in gates if gate.name in PRECONDITIONS and gate.passed is None]
    gates = tuple(map(_uncounted, gates)) if void else gates
    asked = [gate for gate in gates if gate.about != "detail"]
    failed = [gate for gate in asked if gate.passed is False]
    open_ = void or [gate for gate in asked if gate.passed is None]
    decision = KEEP if failed else INCONCLUSIVE if open_ else PROMOTE
    behind = {KEEP: failed, INCONCLUSIVE: open_, PROMOTE: [gate for gate in asked if gate.name in GROUNDS]}[decision]
    waits = [gate.more for gate in open_]
    more = max(waits) if decision == INCONCLUSIVE and waits and None not in waits else None
    clusters = len(np.unique(evidence.rows.cluster))
    reason = "; ".join(gate.reason for gate in behind)
    return Verdict(decision, gates, len(evidence.rows), clusters, reason, evidence.alpha, more)
