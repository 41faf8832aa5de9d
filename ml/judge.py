"""May this challenger replace the champion? A pure function from scores on unseen rows to a verdict.

A gate answers True (holds), False (does not) or None (these rows cannot say). Any False keeps what is in
production, any None is inconclusive, all True promotes. The gates stand in `ml/gates/`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ml import decide
from ml.drift import Drift
from ml.errors import AsofError
from ml.evaluate import arrays
from ml.gates import GATES, Evidence, Flags, Gate
from ml.measured import Measured
from ml.problem import Problem

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


def judge(
    label: np.ndarray,
    cluster: np.ndarray,
    challenger: np.ndarray,
    rule: np.ndarray,
    champion: np.ndarray | None = None,
    *,
    problem: Problem,
    weight: np.ndarray | None = None,
    flags: Flags | None = None,
    slices: Mapping[str, np.ndarray] | None = None,
    drift: Drift | None = None,
    measured: Measured | None = None,
    alpha: float | None = None,
) -> Verdict:
    """The verdict on rows that neither challenger nor champion was trained on: one value a row in each array.

    Each bound of an interval errs with probability `alpha` (by default the declared one), so a challenger that is worse
    by more than the margin is promoted with at most that probability. `flags` default to the threshold of the declared
    decision; gates on slices, drift and cost are asked where these are given. AsofError when arrays differ in length or
    hold missing values.
    """
    label, challenger, rule = arrays(label, challenger, rule)
    if champion is not None:
        (_, champion) = arrays(label, champion)
    if len(cluster) != len(label):
        raise AsofError(f"{len(cluster)} clusters for {len(label)} labels; pass one a row")
    if problem.metric == "log_loss" and (rule.min() < 0 or rule.max() > 1):
        raise AsofError(f"{problem.path}: rule {problem.rule} must be a probability to be judged by log_loss")
    alpha = problem.alpha if alpha is None else alpha
    if alpha <= 0:
        raise AsofError("no alpha is left for these rows: too many challengers were judged on them; wait for new labels")
    evidence = Evidence(
        label, np.asarray(cluster), challenger, rule, champion, weight, problem, alpha,
        flags or Flags(*(None if score is None else _flagged(problem, score) for score in (challenger, rule, champion))),
        slices or {}, drift, measured,
    )  # fmt: skip
    gates = tuple(gate for ask in GATES for gate in ask(evidence))
    return _verdict(gates, evidence)


def _flagged(problem: Problem, score: np.ndarray) -> np.ndarray:
    return score >= decide.threshold(problem.decision, problem.costs, score)


def _verdict(gates: tuple[Gate, ...], evidence: Evidence) -> Verdict:
    asked = [gate for gate in gates if gate.about != "detail"]
    void = [gate for gate in asked if gate.name in PRECONDITIONS and gate.passed is None]
    failed = [gate for gate in asked if gate.passed is False and (gate.about == "system" or not void)]
    open_ = void or [gate for gate in asked if gate.passed is None]
    decision = KEEP if failed else INCONCLUSIVE if open_ else PROMOTE
    told = {KEEP: failed, INCONCLUSIVE: open_, PROMOTE: [gate for gate in asked if gate.name in GROUNDS]}[decision]
    waits = [gate.more for gate in open_]
    more = max(waits) if decision == INCONCLUSIVE and waits and None not in waits else None
    clusters = len(np.unique(evidence.cluster))
    reason = "; ".join(gate.reason for gate in told)
    return Verdict(decision, gates, len(evidence.label), clusters, reason, evidence.alpha, more)
