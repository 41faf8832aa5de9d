"""The validation pipeline: a challenger goes into production only when it is not worse."""

from __future__ import annotations

from prefect import flow

from flows.steps import artifacts, cards, clock, problems
from flows.steps.judging import judge
from ml.judge import PROMOTE


@flow(name="validation")
def validation(problem: str, challenger: str | None = None) -> str:
    """Judge a version, the latest by default, and promote it when the verdict says so, with its card; returns the decision."""
    verdict = judge(problems.get(problem), clock.now(), challenger, promoting=True)
    artifacts.verdict(verdict)
    if verdict["decision"] == PROMOTE:
        cards.write(problem, verdict["challenger"])
    return verdict["decision"]
