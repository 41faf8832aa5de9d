"""The serving pipeline: score what is due, verify what people will read, publish it as a whole."""

from __future__ import annotations

from datetime import datetime, timedelta

from prefect import flow

from flows.retraining import look
from flows.runtime import artifacts, flow_run, settings
from flows.runtime.errors import explaining
from flows.runtime.step import call, each
from flows.steps.monitoring.alerting.failures import failures_reported
from flows.steps.serving.contracts import verify
from flows.steps.serving.exporting.exporting import export_published
from flows.steps.serving.publishing import Shown, publish, roll_back
from flows.steps.serving.scoring import score
from flows.steps.serving.shadowing import score_shadows
from flows.store import clock, problems, registry
from flows.store import due as dues
from flows.store.problems import ProblemName
from flows.validation import settle

# A turn that is younger is not missed yet: the cycle looks at it once it has scored.
DAY = timedelta(days=1)


@flow(name="serving", timeout_seconds=6 * 3600)
@explaining
@failures_reported()
def serving(problem: ProblemName | None = None, publishing: bool = True) -> int:
    """Score every due row of a problem, by default of each that has a champion, and publish the marts; returns the rows scored.

    By default nothing is published before the first prediction. A row is scored by its champion, then in the shadow. After a
    standstill of days, challengers that the calendar asked for meanwhile are trained and judged first, each as of its own turn:
    each row is scored by who would have been champion.

    Args:
        problem: The problem to score; each that has a champion by default.
        publishing: Replace the file that people read afterwards.
    """
    flow_run.take_over()
    flow_run.named(problem, clock.now())
    names = [problems.named(problem)] if problem else list(filter(registry.champion, problems.declared()))
    rows = sum(each(names, _caught_up).values())
    if publishing and (problem or any(problems.scored_through(problems.get(name)) for name in names)):
        published()
    return rows


def _caught_up(problem: str) -> int:
    for tick in dues.missed(problem, older=DAY):
        call(look, problem, tick)
    return scored(problem)


def scored(problem: str) -> int:
    """Score every due row by its champion, then in the shadow; returns the number of rows that the champion scored."""
    rows = score(problems.get(problem), clock.now())
    shadowed(problem, clock.now())
    return rows


def shadowed(problem: str, at: datetime) -> None:
    """Score in the shadow what the champion has scored, and settle what the labels of settled days decide."""
    score_shadows(problems.get(problem), at)
    settle(problem, at)


def published() -> tuple[int, dict[str, int]]:
    """Verify the contracts, then replace the file that people read; returns how many checks passed, and rows by table."""
    checks = verify()
    counts = publish(clock.now())
    artifacts.published(counts)
    exported()
    return checks, counts


def exported() -> None:
    """Export what is published now to where ASOF_EXPORT says, if anywhere. AsofError where that fails: the file stays."""
    if settings.exports():
        export_published(clock.now())


def republished() -> Shown | None:
    """Bring back the file that was published before; returns which run it shows, None where it does not say so."""
    found = roll_back(clock.now())
    exported()
    return found
