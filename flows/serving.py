"""The serving pipeline: score what is due, verify what people will read, publish it as a whole."""

from __future__ import annotations

from prefect import flow

from flows.steps import artifacts, clock, problems
from flows.steps.contracts import verify
from flows.steps.publishing import publish
from flows.steps.scoring import score
from flows.steps.shadowing import score_shadows


@flow(name="serving")
def serving(problem: str, publishing: bool = True) -> int:
    """Score every due row by its champion, then in the shadow, and publish the marts; returns the number of rows scored."""
    scored = score(problems.get(problem), clock.now())
    score_shadows(problems.get(problem), clock.now())
    if publishing:
        verify()
        artifacts.published(publish(clock.now()))
    return scored
