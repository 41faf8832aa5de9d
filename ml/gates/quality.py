"""Better than the rule, not worse than the champion."""

from collections.abc import Iterator

from ml.gates.gate import Evidence, Gate, above, figures, further, waiting


def beats_rule(evidence: Evidence) -> Iterator[Gate]:
    """Superiority: better than the rule, or the rule stays."""
    found, metric = evidence.over_rule, evidence.problem.metric
    passed = above(found, 0.0)
    said = {
        True: "better than the rule",
        False: "worse than the rule",
        None: "not distinguishable from the rule",
    }[passed]
    more = further(found, 0.0) if passed is None else None
    reason = f"{said}: {metric} {figures(found)}" + (waiting(more, evidence) if passed is None else "")
    yield Gate("beats_rule", *found[:3], 0.0, passed, reason, found.p_above(0.0), more)


def not_worse(evidence: Evidence) -> Iterator[Gate]:
    """Non-inferiority: not worse than the champion by more than the declared margin."""
    if evidence.champion is None:
        return
    found, metric, margin = evidence.over_champion, evidence.problem.metric, evidence.problem.margin
    passed = above(found, -margin)
    said = {
        True: "not worse than the champion",
        False: "worse than the champion",
        None: "perhaps worse than the champion",
    }[passed]
    more = further(found, -margin) if passed is None else None
    reason = f"{said} by more than {margin:g}: {metric} {figures(found)}" + (waiting(more, evidence) if passed is None else "")
    yield Gate("not_worse", *found[:3], margin, passed, reason, found.p_above(-margin), more)
