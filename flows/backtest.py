"""Planning: which policy of retraining is worth its cost? History lived again under several, and written down."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from prefect import flow

from flows.steps import clock, problems
from flows.steps.backtesting import page
from flows.steps.backtesting.measuring import Backtest, Report, measure, periods


@flow(name="backtest")
def backtest(
    problem: str,
    first: datetime | None = None,
    until: datetime | None = None,
    members: int = 1,
    quick: bool = False,
    folder: Path = page.FOLDER,
    report: Report = lambda *_: None,
) -> tuple[Backtest, Path]:
    """Replay history under several policies as of the clock, and write the page; returns what came out, and the page."""
    declared, now = problems.get(problem), clock.now()
    page.check(problem, folder)
    found = measure(declared, now, *periods(declared, first, until, now), members, quick, report)
    return found, page.write(found, folder)
