"""What the decisions are worth in the declared costs, at the threshold that each candidate would use."""

from collections.abc import Iterator

import numpy as np

from ml.bootstrap import mean
from ml.decide import cost
from ml.gates.gate import Evidence, Gate, above, figures, further, waiting


def worth_it(evidence: Evidence) -> Iterator[Gate]:
    """Not costlier than the champion's decisions by more than the margin; without a champion, cheaper than the rule's."""
    against, whom = (evidence.flags.rule, "rule")
    if evidence.champion is not None:
        against, whom = (evidence.flags.champion, "champion")
    costs, label, weight = evidence.problem.costs, evidence.label, evidence.weight
    theirs = cost(label, against, costs)
    saved = theirs - cost(label, evidence.flags.challenger, costs)
    found = mean(saved, evidence.cluster, weight=weight, **evidence.drawing)
    paid = float(np.average(theirs, weights=weight))
    margin = evidence.problem.validation.value_margin * paid if whom == "champion" else 0.0
    passed = above(found, -margin)
    if whom == "rule":
        said = {True: "cheaper than", False: "costlier than", None: "not distinguishable in cost from"}[passed]
        told = f"decisions {said} those of the rule"
    else:
        said = {True: "not costlier", False: "costlier", None: "perhaps costlier"}[passed]
        told = f"decisions {said} than those of the champion by more than {margin:.4f} a row"
    more = further(found, -margin) if passed is None else None
    reason = f"{told}: saved {figures(found)} of {paid:.4f} a row" + (waiting(more, evidence) if passed is None else "")
    yield Gate("value", *found[:3], margin, passed, reason, found.p_above(-margin), more)
