"""What the decisions are worth in the declared costs, at the threshold that each candidate would use."""

from collections.abc import Iterator

import numpy as np

from ml.decide import cost
from ml.gates.gate import Evidence, Gate, decide, figures
from ml.jackknife import mean


def worth_it(evidence: Evidence) -> Iterator[Gate]:
    """Not costlier than the champion's decisions by more than the margin; without a champion, cheaper than the rule's."""
    against, whom = (evidence.flags.rule, "rule")
    if evidence.champion is not None:
        against, whom = (evidence.flags.champion, "champion")
    costs, label, weight = evidence.problem.costs, evidence.label, evidence.weight
    theirs = cost(label, against, costs)
    saved = theirs - cost(label, evidence.flags.challenger, costs)
    found = mean(saved, evidence.cluster, weight=weight, alpha=2 * evidence.alpha)
    paid = float(np.average(theirs, weights=weight))
    margin = evidence.problem.validation.value_margin * paid if whom == "champion" else 0.0
    passed, more, ending = decide(found, -margin, evidence)
    if whom == "rule":
        said = {True: "cheaper than", False: "costlier than", None: "not distinguishable in cost from"}[passed]
        told = f"decisions {said} those of the rule"
    else:
        said = {True: "not costlier", False: "costlier", None: "perhaps costlier"}[passed]
        told = f"decisions {said} than those of the champion by more than {margin:.4f} a row"
    reason = f"{told}: saved {figures(found)} of {paid:.4f} a row{ending}"
    yield Gate("value", *found[:3], margin, passed, reason, found.p_above(-margin), more)
