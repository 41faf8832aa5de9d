"""A gate that joins what was expected of a challenger with what the rows say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ml.statistics.interval import Interval, figures
from ml.validation.gates.gate import Evidence, lasting, soonest
from ml.validation.prior import CHANGED, Belief, Gain, Prior, believe

# From this probability of being worse by more than the margin on, a challenger is kept out instead of waited for.
LIKELY = 0.5
UNDECIDED = "; more of the same will not decide it soon"


class Believed(NamedTuple):
    """The answer, how many more clusters would turn an open one into True, the belief, and all of it in words."""

    passed: bool | None
    more: int | None
    belief: Belief
    reason: str

    @property
    def columns(self) -> dict[str, float]:
        """What a `Gate` keeps of it."""
        said = self.belief
        return {"expected": said.expected.estimate, "believed": said.believed.estimate, "probability": said.worse}


def joined(evidence: Evidence, gains: Sequence[Gain], found: Interval, margin: float) -> Believed:
    """Whether a challenger is worse by more than the margin: not with at most alpha, likely from even odds on, else open.

    The declared alpha, however often the rows were used: what is believed of one challenger does not depend on others.
    """
    prior, risk = evidence.past.expected(gains, margin), evidence.problem.alpha
    belief = believe(prior, found, margin)
    passed = True if belief.worse <= risk else False if belief.worse >= LIKELY else None
    more, ending = None, ""
    if passed is None:
        more = _further(prior, found, margin, risk)
        wait = f"about {more} more {evidence.unit} like these would let it in"
        ending = f"; {wait}{lasting(more, evidence)}" if more else UNDECIDED
    least, most = found.least, found.most
    expected, believed = ((one.estimate, max(least, one.low), min(most, one.high)) for one in (belief.expected, belief.believed))
    reason = (
        f"{figures(expected)} was expected ({_why(prior)}), these rows say {figures(found)}, so "
        f"{figures(believed)} is believed, worse by more than {margin:.4g} with a probability of {belief.worse:.1%}"
        f"{ending}"
    )
    return Believed(passed, more, belief, reason)


def _why(prior: Prior) -> str:
    """Where the expectation comes from."""
    if prior.kind == CHANGED:
        return f"another recipe, {prior.folds or 'no'} such judged before"
    return f"newer data, {prior.folds} {'fold' if prior.folds == 1 else 'folds'} of history" if prior.folds else "newer data"


def _further(prior: Prior, found: Interval, margin: float, risk: float) -> int | None:
    """How many more clusters would let it in, if the estimate stayed; None where they would not, or not soon."""

    def enough(more: int) -> bool:
        clusters = found.clusters + more
        longer = found._replace(se=found.se * (found.clusters / clusters) ** 0.5, freedom=None, clusters=clusters)
        return believe(prior, longer, margin).worse <= risk

    return soonest(enough)
