"""Planning: is machine learning worth it for this problem? Measured, recommended, and written down."""

from __future__ import annotations

from pathlib import Path

from prefect import flow

from flows.steps import clock, problems
from flows.steps.feasibility import document
from flows.steps.feasibility.measuring import Measured, measure
from ml.feasibility.trial import Report


@flow(name="feasibility")
def feasibility(
    problem: str, quick: bool = False, folder: Path = document.FOLDER, report: Report = lambda *_: None
) -> tuple[Measured, Path]:
    """Measure a problem as of the clock and write its design document; returns what was measured, and the page."""
    document.check(problem, folder)
    measured = measure(problems.get(problem), clock.now(), quick, report)
    return measured, document.write(measured, folder)
