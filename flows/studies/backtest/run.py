"""Planning: which policy of retraining is worth its cost? History replayed under several, and written down."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from flows.store import clock, problems
from flows.studies.backtest import page
from flows.studies.backtest.measuring import Backtest, measure, periods
from ml.errors import AsofError
from ml.models.learn import Progress


def backtest(
    problem: str,
    first: datetime | None = None,
    until: datetime | None = None,
    members: int = 1,
    quick: bool = False,
    folder: Path = page.FOLDER,
    on_progress: Progress = lambda *_: None,
) -> tuple[Backtest, Path]:
    """Replay history under several policies as of the clock, and write the page; returns what came out, and the page."""
    declared = problems.get(problem)
    if declared.task != "binary":
        raise AsofError(
            f"{declared.path}: a backtest replays verdicts on yes-or-no questions, and {problem} is declared with task: "
            f"{declared.task}; declare its `retraining` by how fast a model ages, which `python -m flows feasibility --problem "
            f"{problem}` measures"
        )
    now = clock.now()
    page.check(problem, folder)
    found = measure(declared, now, *periods(declared, first, until, now), members, quick, on_progress)
    return found, page.write(found, folder)
