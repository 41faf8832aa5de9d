"""Planning: is machine learning worth it for this problem? Measured, recommended, and written down."""

from __future__ import annotations

from pathlib import Path

from flows.store import clock, problems
from flows.studies.feasibility import document
from flows.studies.feasibility.measuring import Measured, measure
from ml.models.learn import Progress


def feasibility(
    problem: str, quick: bool = False, folder: Path = document.FOLDER, on_progress: Progress = lambda *_: None
) -> tuple[Measured, Path]:
    """Measure a problem as of the clock and write its design document; returns what was measured, and the page."""
    document.check(problem, folder)
    measured = measure(problems.get(problem), clock.now(), quick, on_progress)
    return measured, document.write(measured, folder)
