"""How the model of a problem fares, on one page: report."""

from __future__ import annotations

import os

from flows.cli.verb import clock, verb
from flows.runtime import console


@verb
def report(problem: str) -> None:
    """Write the report: health, quality, drift, alerts, verdicts, sources and quotas on one HTML page."""
    from flows.pages.report import reports
    from flows.store import ledger

    now = clock()
    with console.working("writing the report"), ledger.asked():
        file = reports.write(problem, now)
    console.done(f"open {os.path.relpath(file)}")
