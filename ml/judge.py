"""May this challenger replace the champion? A pure function from scores on unseen rows to a verdict.

A gate answers True (holds), False (does not) or None (these rows cannot say). Any False keeps what is in
production, any None is inconclusive, all True promotes. The gates stand in `ml/gates.py`.
"""

from dataclasses import dataclass

import numpy as np

from ml.bootstrap import RESAMPLES
from ml.errors import AsofError
from ml.evaluate import arrays
from ml.gates import GATES, Evidence, Gate
from ml.problem import Problem

PROMOTE, KEEP, INCONCLUSIVE = "PROMOTE", "KEEP", "INCONCLUSIVE"


@dataclass(frozen=True)
class Verdict:
    """PROMOTE, KEEP or INCONCLUSIVE.

    The gates behind it; on how many rows and clusters; why, in a sentence.
    """

    decision: str
    gates: tuple[Gate, ...]
    rows: int
    clusters: int
    reason: str


def judge(
    label: np.ndarray,
    cluster: np.ndarray,
    challenger: np.ndarray,
    rule: np.ndarray,
    champion: np.ndarray | None = None,
    *,
    problem: Problem,
    weight: np.ndarray | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Verdict:
    """The verdict on rows that neither challenger nor champion was trained on: one value a row in each array.

    Each bound of an interval errs with probability `problem.alpha`, so a challenger that is worse by more
    than the margin is promoted with at most that probability. AsofError when arrays differ in length or hold
    missing values.
    """
    label, challenger, rule = arrays(label, challenger, rule)
    if champion is not None:
        (_, champion) = arrays(label, champion)
    if len(cluster) != len(label):
        raise AsofError(f"{len(cluster)} clusters for {len(label)} labels; pass one a row")
    if problem.metric == "log_loss" and (rule.min() < 0 or rule.max() > 1):
        raise AsofError(f"{problem.path}: rule {problem.rule} must be a probability to be judged by log_loss")
    evidence = Evidence(label, np.asarray(cluster), challenger, rule, champion, weight, problem, resamples, seed)
    gates = tuple(gate for gate in (ask(evidence) for ask in GATES) if gate is not None)
    failed, open_ = [g for g in gates if g.passed is False], [g for g in gates if g.passed is None]
    decision = KEEP if failed and not _too_few(gates) else INCONCLUSIVE if failed or open_ else PROMOTE
    told = {KEEP: failed, INCONCLUSIVE: open_, PROMOTE: gates}[decision]
    return Verdict(decision, gates, len(label), len(np.unique(cluster)), "; ".join(gate.reason for gate in told))


def _too_few(gates: tuple[Gate, ...]) -> bool:
    return any(gate.name == "enough" and not gate.passed for gate in gates)
