"""Better than the rule, not worse than the champion."""

from __future__ import annotations

from collections.abc import Iterator

from ml.statistics.interval import figures
from ml.validation.gates.belief import joined
from ml.validation.gates.gate import Evidence, Gate, decide


def beats_rule(evidence: Evidence) -> Iterator[Gate]:
    """Superiority: better than the rule, or the rule stays."""
    found = evidence.over_rule
    passed, more, ending = decide(found, 0.0, evidence)
    said = {True: "better than", False: "worse than", None: "not distinguishable from"}[passed]
    reason = f"{said} the rule: {evidence.problem.metric} {figures(found)}{ending}"
    yield Gate("beats_rule", *found.shown, 0.0, passed, reason, found.p_above(0.0), more, se=found.se)


def not_worse(evidence: Evidence) -> Iterator[Gate]:
    """Non-inferiority: not worse than the champion by more than the declared margin.

    With a past it is the probability of being worse that decides, without one the interval of these rows.
    """
    if evidence.champion is None:
        return
    found, margin, more_of_it = evidence.over_champion, evidence.problem.margin, {}
    if evidence.past is None:
        passed, more, ending = decide(found, -margin, evidence)
        said = f"{figures(found)}{ending}"
    else:
        believed = joined(evidence, evidence.past.metric, found, margin)
        passed, more, said, more_of_it = believed.passed, believed.more, believed.reason, believed.columns
    claim = {True: "not worse", False: "worse", None: "perhaps worse"}[passed]
    reason = f"{claim} than the champion by more than {margin:g}: {evidence.problem.metric} {said}"
    yield Gate("not_worse", *found.shown, -margin, passed, reason, found.p_above(-margin), more, se=found.se, **more_of_it)
