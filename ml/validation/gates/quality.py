"""Better than the rule, not worse than the champion."""

from collections.abc import Iterator

from ml.validation.gates.gate import Evidence, Gate, decide, figures


def beats_rule(evidence: Evidence) -> Iterator[Gate]:
    """Superiority: better than the rule, or the rule stays."""
    found = evidence.over_rule
    passed, more, ending = decide(found, 0.0, evidence)
    said = {True: "better than", False: "worse than", None: "not distinguishable from"}[passed]
    reason = f"{said} the rule: {evidence.problem.metric} {figures(found)}{ending}"
    yield Gate("beats_rule", *found[:3], 0.0, passed, reason, found.p_above(0.0), more)


def not_worse(evidence: Evidence) -> Iterator[Gate]:
    """Non-inferiority: not worse than the champion by more than the declared margin."""
    if evidence.champion is None:
        return
    found, margin = evidence.over_champion, evidence.problem.margin
    passed, more, ending = decide(found, -margin, evidence)
    said = {True: "not worse", False: "worse", None: "perhaps worse"}[passed]
    reason = f"{said} than the champion by more than {margin:g}: {evidence.problem.metric} {figures(found)}{ending}"
    yield Gate("not_worse", *found[:3], margin, passed, reason, found.p_above(-margin), more)
