"""From a verdict to the office."""

from __future__ import annotations

from flows.steps import registry
from flows.steps.step import step
from ml.judge import PROMOTE


@step()
def promote_if_judged_so(problem: str, verdict: dict) -> bool:
    """Promote the challenger of a PROMOTE verdict from the instant of the decision on; returns whether it was."""
    if verdict["decision"] != PROMOTE:
        return False
    return registry.promote(problem, verdict["challenger"], verdict["decided_as_of"], verdict["reason"])
