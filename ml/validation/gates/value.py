"""What the decisions are worth in the declared costs: at the threshold that each candidate would use, or of what it predicts."""

from collections.abc import Iterator

import numpy as np

from ml.statistics.interval import figures
from ml.statistics.jackknife import mean
from ml.validation.gates.belief import joined
from ml.validation.gates.gate import Evidence, Gate, decide


def worth_it(evidence: Evidence) -> Iterator[Gate]:
    """Not costlier than the champion's decisions by more than the margin; without a champion, cheaper than the rule's.

    Against a champion with a past by belief, as `not_worse`. Not asked where no costs are declared.
    """
    against, whom = (evidence.flags.rule, "rule")
    if evidence.champion is not None:
        against, whom = (evidence.flags.champion, "champion")
    problem, label, weight = evidence.problem, evidence.rows.label, evidence.rows.weight
    theirs = evidence.task.cost(problem, label, against)
    if theirs is None:
        return
    saved = theirs - evidence.task.cost(problem, label, evidence.flags.challenger)
    found = mean(saved, evidence.rows.cluster, weight=weight, alpha=2 * evidence.alpha, overlap=evidence.rows.overlap)
    paid = float(np.average(theirs, weights=weight))
    margin = problem.validation.value_margin * paid if whom == "champion" else 0.0
    more_of_it = {}
    if evidence.past is not None and whom == "champion":
        believed = joined(evidence, evidence.past.value, found, margin)
        passed, more, ending, more_of_it = believed.passed, believed.more, f"; {believed.reason}", believed.columns
    else:
        passed, more, ending = decide(found, -margin, evidence)
    if whom == "rule":
        said = {True: "cheaper than", False: "costlier than", None: "not distinguishable in cost from"}[passed]
        claim = f"decisions {said} those of the rule"
    else:
        said = {True: "not costlier", False: "costlier", None: "perhaps costlier"}[passed]
        claim = f"decisions {said} than those of the champion by more than {margin:.4f} a row"
    reason = f"{claim}: saved {figures(found)} of {paid:.4f} a row{ending}"
    yield Gate("value", *found.shown, 0.0 - margin, passed, reason, found.p_above(-margin), more, se=found.se, **more_of_it)
